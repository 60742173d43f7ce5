import type { CollectionOptions } from '@torc/node-agent/collection/collection'
import type { SeededRandom } from '../seeded-random.js'

export const hourMs = 3_600_000

/** Times that are short beside faults: uploads are overtaken by audits and have to begin their claims again. */
export function planCollection(
  random: SeededRandom,
  long: boolean,
): Required<{ [K in keyof CollectionOptions]: number }> {
  return {
    graceMs: random.pick(long ? [3000, 8000] : [1, 50, 1000]),
    uploadMs: random.pick(long ? [10_000, 20_000] : [20, 200, 2000]),
    // As good as never: what a release is for must not be left to the audits that come by themselves.
    auditEveryMs: random.pick([long ? 30_000 : 100, hourMs, hourMs]),
    // A key is purged only once all earlier writes of it have an answer, so that none of them is sent again after that.
    remainderMs: random.pick(long ? [4000, hourMs] : [20, 300, 2000, hourMs]),
  }
}
