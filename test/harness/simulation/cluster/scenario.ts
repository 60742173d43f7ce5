import { SeededRandom } from '../seeded-random.js'
import { faultKinds } from './faults.js'
import { type LoadName, pick } from './load.js'
import type { SimulationOptions } from './simulate-cluster.js'

/** At least so long do clients work, so often, with faults all the time. */
const workSeconds = 60
const callsPerSecond = 10

/** Calls that each of some clients makes in so many seconds; in those of a scenario when absent. */
export function callsOfEach(clients: number, seconds = workSeconds): number {
  return Math.ceil((seconds * callsPerSecond) / clients)
}

/**
 * What one seed of 64 bits decides: the kind of bucket, the load, and what else happens beside the faults, of which
 * every kind may come. Only one thing may take stored data, as each version is on as few as W = 2 agents.
 */
export function scenarioOf(seed: bigint): SimulationOptions {
  const random = new SeededRandom(seed.toString()).fork('scenario')
  const loss = random.pick(['nothing', 'a block rots', 'an old disk', 'an agent'] as const)
  const clients = random.integer(3, 6)
  return {
    seed: seed.toString(),
    ...{ agents: 5, servers: 2, replicas: 3, clients },
    operations: callsOfEach(clients),
    rate: callsPerSecond,
    long: true,
    sloppy: random.chance(0.5),
    layouts: loss === 'an agent' || (loss !== 'an old disk' && random.chance(0.25)),
    destroys: loss === 'an agent',
    load:
      pick<LoadName>(
        [
          ['mixed', 4],
          ['blocks', 2],
          ['compressed', 1],
          ['removals', 2],
          ['conditions', 2],
        ],
        random,
      ) ?? 'mixed',
    faults: [
      ...faultKinds,
      ...(loss === 'a block rots' ? (['bit rot'] as const) : []),
      ...(loss === 'an old disk' ? (['restore disk'] as const) : []),
    ],
    faultsAtOnce: random.integer(1, 3),
    clockSkewMsMax: random.pick([0, 20, 200]),
    partitions: random.pick([8, 16, 16, 16, 32, 64, 64, 256]),
  }
}

/** The 64 bits of a seed as people type it, decimal or `0x…`; undefined where it is none. */
export function parseSeed(text: string): bigint | undefined {
  if (!/^(\d+|0x[\da-f]+)$/i.test(text)) return undefined
  const seed = BigInt(text)
  return seed < 2n ** 64n ? seed : undefined
}
