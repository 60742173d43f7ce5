import { loadavg } from 'node:os'
import type { Store } from '@torc/client'
import { startCluster } from '../harness/processes/cluster.js'
import { storeOf } from '../harness/replicas/agent-census.js'
import { SeededRandom } from '../harness/simulation/seeded-random.js'

export interface UnderLoadOptions {
  readonly seconds: number
  readonly agents: number
  /** Writers at work at once. */
  readonly writers: number
  readonly onProgress?: (text: string) => void
}

export interface UnderLoadResult {
  readonly seconds: number
  readonly puts: number
  /** Puts that failed, by their code. */
  readonly failed: Readonly<Record<string, number>>
  /** Greatest number of processes that wanted a processor, averaged over a minute. */
  readonly loadMax: number
  /** `who said what of whom`, of members that were there all the time. */
  readonly falseWords: readonly string[]
}

const bucket = 'load'
/** Bodies are some of few: a long run is not to fill the disk. */
const sizes = [1_000, 10_000, 60_000, 200_000, 400_000]
const firstBytes = 16
const progressMs = 60_000

/**
 * Keeps all processors busy with puts to real processes on this machine, and looks whether anybody took anybody for
 * suspect or down meanwhile, though all are there all the time.
 */
export async function membershipUnderLoad(options: UnderLoadOptions): Promise<UnderLoadResult> {
  const { seconds, agents, writers, onProgress = () => undefined } = options
  const cluster = await startCluster({ agents })
  const store = await storeOf(cluster)
  const failed: Record<string, number> = {}
  let puts = 0
  let loadMax = 0
  try {
    await store.createBucket(bucket, { policy: 'latest' })
    const endMs = performance.now() + seconds * 1_000
    let toldMs = performance.now() + progressMs
    const write = async (number: number): Promise<void> => {
      const random = new SeededRandom(`writer ${number}`)
      const body = random.bytes(Math.max(...sizes))
      while (performance.now() < endMs) {
        body[0] = random.integer(0, firstBytes - 1)
        const piece = body.subarray(0, random.pick(sizes))
        const code = await put(store, `w${number}/${random.integer(0, 99)}`, piece)
        if (code === undefined) puts++
        else failed[code] = (failed[code] ?? 0) + 1
        loadMax = Math.max(loadMax, loadavg()[0] ?? 0)
        if (performance.now() < toldMs) continue
        toldMs += progressMs
        onProgress(
          `${puts} puts, load ${loadavg()[0]?.toFixed(1)}, ${falseWords(cluster, agents).length} false words`,
        )
      }
    }
    await Promise.all(Array.from({ length: writers }, (_, number) => write(number)))
    return { seconds, puts, failed, loadMax, falseWords: falseWords(cluster, agents) }
  } finally {
    await store.close()
    await cluster.stop()
  }
}

async function put(store: Store, key: string, body: Uint8Array): Promise<string | undefined> {
  try {
    await store.put(bucket, key, body)
    return undefined
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

/** What the logs of the processes tell of members that changed their state. */
function falseWords(cluster: { log(process: string): string }, agents: number): string[] {
  const processes = ['server', ...Array.from({ length: agents }, (_, n) => `agent-${n + 1}`)]
  return processes.flatMap(process =>
    cluster
      .log(process)
      .split('\n')
      .filter(line => line.includes('"member changed"'))
      .map(line => JSON.parse(line) as { time: string; id: string; state: string })
      .filter(({ state }) => state === 'suspect' || state === 'down')
      .map(({ time, id, state }) => `${time} ${process}: ${id} is ${state}`),
  )
}
