import type { SeededRandom } from '../../harness/simulation/seeded-random.js'
import { agentNames, serverNames } from '../cluster/chaos-cluster.js'
import type { Fault } from './fault.js'
import { linkFaults } from './link-faults.js'
import { processFaults } from './process-faults.js'

export const faults: readonly Fault[] = [...processFaults, ...linkFaults]

/** Faults whose names contain one of the parts; all where there are none. Throws where a part is in no name. */
export function faultsNamed(parts: readonly string[]): readonly Fault[] {
  const unknown = parts.find(part => !faults.some(({ name }) => name.includes(part)))
  if (unknown !== undefined)
    throw new Error(`no fault is named ${unknown}: ${faults.map(({ name }) => name).join(', ')}`)
  return faults.filter(({ name }) => parts.length === 0 || parts.some(part => name.includes(part)))
}

export interface PlannedFault {
  readonly fault: Fault
  readonly victims: readonly string[]
  /** After the round's begin. */
  readonly beginsMs: number
  readonly lastsMs: number
}

/** One fault, or two whose times overlap; the next round begins when all of them are over. */
export interface Round {
  readonly restMs: number
  readonly faults: readonly PlannedFault[]
}

const restMsMax = 3_000
const lastsMs = { min: 1_500, max: 12_000 }
const twoProbability = 0.6
const attempts = 20

/** Rounds without end, determined by the random numbers. */
export function* planRounds(kinds: readonly Fault[], random: SeededRandom): Generator<Round, never> {
  for (;;) yield planRound(kinds, random)
}

function planRound(kinds: readonly Fault[], random: SeededRandom): Round {
  const restMs = random.integer(0, restMsMax)
  const first = planFault(random.pick(kinds), [], 0, random)
  if (first === undefined) throw new Error('a fault has no victims though all nodes are free')
  if (first.fault.alone === true || !random.chance(twoProbability)) return { restMs, faults: [first.planned] }
  for (let left = attempts; left > 0; left--) {
    const kind = random.pick(kinds)
    if (kind.alone === true) continue
    const second = planFault(kind, first.claims, random.integer(0, first.planned.lastsMs), random)
    if (second !== undefined) return { restMs, faults: [first.planned, second.planned] }
  }
  return { restMs, faults: [first.planned] }
}

/** Undefined where too few nodes are left that nobody claims. */
export function planFault(
  fault: Fault,
  claims: readonly string[],
  beginsMs: number,
  random: SeededRandom,
): { readonly fault: Fault; readonly planned: PlannedFault; readonly claims: readonly string[] } | undefined {
  const free = (names: readonly string[]): string[] => names.filter(name => !claims.includes(name))
  const chosen = fault.choose({ agents: free(agentNames), servers: free(serverNames) }, random)
  if (chosen === undefined) return undefined
  const planned = {
    ...{ fault, victims: chosen.victims, beginsMs },
    lastsMs: random.integer(lastsMs.min, lastsMs.max),
  }
  return { fault, planned, claims: chosen.claims }
}
