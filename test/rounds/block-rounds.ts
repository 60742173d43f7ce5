import { beforeNextLook } from '../harness/patience.js'
import { type Cluster, startCluster } from '../harness/processes/cluster.js'
import { censusOf, storeOf, untilIdle } from '../harness/replicas/agent-census.js'
import { type BlockCensus, censusProblems } from '../harness/replicas/block-census.js'
import { SeededRandom } from '../harness/simulation/seeded-random.js'
import { BlockWriter } from './block-writer.js'

export interface BlockRoundsOptions {
  readonly rounds: number
  readonly seed: string
  /** Rounds between two looks at everything. */
  readonly checkEvery: number
  readonly onProgress?: (text: string) => void
}

export interface BlockRoundsResult {
  readonly acknowledged: number
  /** What was killed, and how often. */
  readonly kills: Readonly<Record<string, number>>
  readonly checks: number
  readonly blocksAtEnd: number
  readonly problems: readonly string[]
}

const bucket = 'rounds'
const writers = 4
/** Short, so that uploads, audits and collection meet each other and the kills. */
const collection = ['--block-grace', '100ms', '--upload-expiry', '1s']
/** How long what nobody needs may still be there once nothing is written any more. */
const leakMs = 120_000

/**
 * kill -9 of one process, or of all, in the middle of uploads, copies, deletes and collection, round after round. Then
 * every acknowledged version must be readable, and a count from the rows and files of all agents must fit.
 */
export async function blockRounds(options: BlockRoundsOptions): Promise<BlockRoundsResult> {
  const { rounds, seed, checkEvery, onProgress = () => undefined } = options
  const random = new SeededRandom(seed)
  const cluster = await startCluster({ args: collection })
  let store = await storeOf(cluster)
  const load = Array.from({ length: writers }, (_, n) => {
    return new BlockWriter({
      store: () => store,
      bucket,
      name: `writer-${n}`,
      random: random.fork(`writer ${n}`),
    })
  })
  const kills: Record<string, number> = {}
  const problems: string[] = []
  let checks = 0
  let census: BlockCensus[] = []
  try {
    await store.createBucket(bucket)
    for (let round = 0; round < rounds && problems.length === 0; ) {
      const until = Math.min(rounds, round + checkEvery)
      let over = false
      const working = Promise.all(load.map(writer => writer.run(() => over)))
      for (; round < until; round++) {
        const victim = random.pick(victims)
        kills[victim] = (kills[victim] ?? 0) + 1
        const acknowledged = sum(load) + random.integer(0, 25)
        while (sum(load) < acknowledged) await beforeNextLook()
        if (victim !== 'all') await cluster.killAndRestart(victim)
        else {
          await cluster.killAll()
          await cluster.restart()
          const old = store
          store = await storeOf(cluster)
          await old.close()
        }
      }
      over = true
      await working
      for (const writer of load) problems.push(...(await untilAnswered(() => writer.problems())))
      await store.close()
      census = await untilClean(cluster)
      problems.push(...censusProblems(census, 2))
      checks++
      store = await storeOf(cluster)
      onProgress(`${round} of ${rounds} rounds, ${sum(load)} calls acknowledged, ${problems.length} problems`)
    }
  } finally {
    await store.close()
    await cluster.stop()
  }
  const blocksAtEnd = census.reduce((count, { blocks }) => count + blocks.size, 0)
  return { acknowledged: sum(load), kills, checks, blocksAtEnd, problems }
}

const victims = ['server', 'agent-1', 'agent-2', 'agent-3', 'agent-1', 'agent-2', 'agent-3', 'all'] as const

function sum(load: readonly BlockWriter[]): number {
  return load.reduce((count, { acknowledged }) => count + acknowledged, 0)
}

/** The last process that was killed may still be on its way back. */
async function untilAnswered(look: () => Promise<string[]>): Promise<string[]> {
  const endMs = performance.now() + 60_000
  for (;;) {
    try {
      const problems = await look()
      if (problems.length === 0 || performance.now() > endMs) return problems
    } catch (error) {
      if (performance.now() > endMs) throw error
    }
    await beforeNextLook()
  }
}

/**
 * Stops the cluster and counts, and lets it go on where something has still to go. Returns what is there in the end;
 * the cluster runs again.
 */
async function untilClean(cluster: Cluster): Promise<BlockCensus[]> {
  const endMs = performance.now() + leakMs
  for (;;) {
    await untilIdle(cluster)
    await cluster.end()
    const census = await Promise.all(cluster.agents.map(({ id, data }) => censusOf(id, data)))
    await cluster.restart()
    if (censusProblems(census, 2).length === 0 || performance.now() > endMs) return census
  }
}
