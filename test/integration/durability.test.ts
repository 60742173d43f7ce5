import { createHash } from 'node:crypto'
import { connect } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import t from 'tap'
import { beforeNextLook } from '../harness/patience.js'
import { type Cluster, startCluster } from '../harness/processes/cluster.js'

const writersAtOnce = 8

/** Content that its key determines, of sizes that are stored in different ways. */
function contentOf(key: string): Buffer {
  const seed = createHash('sha256').update(key).digest()
  const size = [100, 20_000, 70_000, 1_200_000][(seed[0] ?? 0) % 16 === 0 ? 3 : (seed[0] ?? 0) % 3] ?? 100
  return Buffer.alloc(size, seed)
}

interface Writing {
  /** Keys whose PUT was acknowledged. */
  readonly acknowledged: Set<string>
  /** Resolves when at least `count` more are acknowledged. */
  more(count: number): Promise<void>
  stop(): Promise<void>
}

/** Writes new keys until it is stopped, whatever happens to the cluster. */
async function write(prefix: string): Promise<Writing> {
  const store = await connect({
    servers: [cluster.server],
    credentials: readCredentials(cluster.credentials),
    timeoutMs: 10_000,
  })
  const acknowledged = new Set<string>()
  const waiting = new Set<() => void>()
  let stopped = false
  let number = 0
  const writers = Array.from({ length: writersAtOnce }, async () => {
    while (!stopped) {
      const key = `${prefix}-${number++}`
      try {
        await store.put('box', key, contentOf(key))
        acknowledged.add(key)
        for (const look of [...waiting]) look()
      } catch {
        // Not acknowledged: it may be there or not, and nothing is promised.
        await beforeNextLook()
      }
    }
  })
  return {
    acknowledged,
    more: count =>
      new Promise(resolve => {
        const wanted = acknowledged.size + count
        const look = (): void => {
          if (acknowledged.size < wanted) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
      }),
    async stop() {
      stopped = true
      await store.close()
      await Promise.all(writers)
    },
  }
}

/** Reads everything that was acknowledged, and compares it byte for byte. */
async function lost(keys: Iterable<string>): Promise<string[]> {
  const store = await connect({
    servers: [cluster.server],
    credentials: readCredentials(cluster.credentials),
  })
  const wrong: string[] = []
  try {
    const listed = new Set<string>()
    for await (const entry of store.list('box')) if ('key' in entry) listed.add(entry.key)
    for (const key of keys) {
      const found = await store.get('box', key).then(
        object => object.bytes(),
        (error: unknown) => String(error),
      )
      if (typeof found === 'string') wrong.push(`${key}: ${found}`)
      else if (!contentOf(key).equals(found)) wrong.push(`${key}: other content`)
      else if (!listed.has(key)) wrong.push(`${key}: not listed`)
    }
  } finally {
    await store.close()
  }
  return wrong
}

let cluster: Cluster

t.before(async () => {
  cluster = await startCluster()
  t.teardown(() => cluster.stop())
  t.match(await cluster.torc(['mb', 'box']), { code: 0 })
})

t.test('kill -9 of each process in turn loses nothing that was acknowledged', async t => {
  const writing = await write('turn')
  for (const process of ['agent-1', 'server', 'agent-2', 'agent-3', 'server']) {
    await writing.more(20)
    await cluster.killAndRestart(process)
  }
  await writing.more(20)
  await writing.stop()
  t.ok(writing.acknowledged.size >= 120)
  t.strictSame(await lost(writing.acknowledged), [])
})

t.test('kill -9 of all processes at once loses nothing that was acknowledged', async t => {
  const acknowledged = new Set<string>()
  for (const round of [1, 2, 3]) {
    const writing = await write(`all-${round}`)
    await writing.more(30 * round)
    await cluster.killAll()
    await writing.stop()
    for (const key of writing.acknowledged) acknowledged.add(key)
    await cluster.restart()
    t.strictSame(await lost(acknowledged), [], `round ${round}: ${acknowledged.size} objects`)
  }
})
