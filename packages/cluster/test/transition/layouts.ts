import { type Epoch, firstParentHash, type TransitionTerms } from '../../src/ring/epoch.js'
import type { LayoutState } from '../../src/transition/owner-tables.js'
import type { Stage } from '../../src/transition/stage.js'

export function epochOf(
  number: number,
  rows: readonly (readonly string[])[],
  terms?: TransitionTerms,
): Epoch {
  const ids = [...new Set(rows.flat())].sort()
  const replicas = Math.max(...rows.map(row => row.length))
  return {
    ...{ number, parentHash: firstParentHash, lineage: 'test' },
    agents: ids.map(id => ({ id, zone: '', capacity: 1 })),
    table: { partitions: rows.length, replicas, rows },
    ...(terms === undefined ? {} : { terms }),
  }
}

/** A change from some rows to others. */
export function changing(
  before: readonly (readonly string[])[],
  after: readonly (readonly string[])[],
  stage: Stage = 1,
  terms: Partial<TransitionTerms> = {},
): LayoutState {
  const all = { absentMax: 1, lost: [], fresh: [], ...terms }
  return { epoch: epochOf(2, after, all), previous: epochOf(1, before), stage }
}
