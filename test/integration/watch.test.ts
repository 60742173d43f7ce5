import { type ChangeBatch, connect, type Store } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import type { Change } from '@torc/protocol/store/changes'
import t, { type Test } from 'tap'
import { beforeNextLook } from '../harness/patience.js'
import { type Cluster, startCluster } from '../harness/processes/cluster.js'

const nameOf = ({ type, key, versionId }: Pick<Change, 'type' | 'key' | 'versionId'>): string =>
  `${type} ${key} ${versionId}`

/** A client of a cluster as it is now: ports may change with a restart. */
function client({ servers, credentials }: Cluster): Promise<Store> {
  return connect({ servers: [...servers], credentials: readCredentials(credentials) })
}

/** Somebody who follows a bucket in the background. */
class Follower {
  readonly told: string[] = []
  readonly resets: string[] = []
  cursor: string | undefined
  readonly #stop = new AbortController()
  readonly #done: Promise<unknown>
  #onBatch = (): void => {}

  constructor(store: Store, bucket: string, cursor?: string) {
    this.cursor = cursor
    this.#done = this.#follow(store, bucket).catch((error: unknown) => error)
  }

  async #follow(store: Store, bucket: string): Promise<void> {
    const { signal } = this.#stop
    for await (const batch of store.watch(bucket, { cursor: this.cursor, signal })) {
      if (batch.reset) this.resets.push(batch.cursor)
      this.told.push(...batch.changes.map(nameOf))
      this.cursor = batch.cursor
      this.#onBatch()
    }
  }

  /** Resolves once all of these were told, with what is lacking after a minute. */
  async lacking(wanted: readonly string[]): Promise<string[]> {
    const endMs = performance.now() + 60_000
    for (;;) {
      const told = new Set(this.told)
      const lacking = wanted.filter(name => !told.has(name))
      if (lacking.length === 0 || performance.now() > endMs) return lacking
      await beforeNextLook()
    }
  }

  async begun(): Promise<void> {
    if (this.cursor === undefined)
      await new Promise<void>(resolve => {
        this.#onBatch = resolve
      })
  }

  /** Ends it; what it failed with, which is that it was ended. */
  async stop(): Promise<unknown> {
    this.#stop.abort()
    return this.#done
  }
}

/** Writes until it is stopped; notes what was acknowledged. */
class Writers {
  readonly acknowledged: string[] = []
  #stopped = false
  readonly #done: Promise<unknown>

  constructor(store: Store, bucket: string, count = 3) {
    this.#done = Promise.all(Array.from({ length: count }, (_, me) => this.#write(store, bucket, me)))
  }

  async #write(store: Store, bucket: string, me: number): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      const key = `${me}/${n % 50}`
      try {
        const { versionId } = await store.put(bucket, key, `${n}`)
        this.acknowledged.push(nameOf({ type: 'put', key, versionId }))
        if (n % 7 === 3) {
          const { marker = '' } = await store.delete(bucket, key, { marker: true })
          this.acknowledged.push(nameOf({ type: 'marker', key, versionId: marker }))
        } else if (n % 7 === 5) {
          for (const id of (await store.delete(bucket, key, { versionId })).removed)
            this.acknowledged.push(nameOf({ type: 'remove', key, versionId: id }))
        }
      } catch {
        // Not acknowledged: it may be told or not.
      }
    }
  }

  /** Resolves once so many more were acknowledged. */
  async more(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count
    while (this.acknowledged.length < wanted) await beforeNextLook()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#done
  }
}

async function stopped(t: Test, cluster: Cluster): Promise<Cluster> {
  t.teardown(() => cluster.stop())
  return cluster
}

t.test('every acknowledged change is told, whatever is killed or away', { timeout: 240_000 }, async t => {
  const cluster = await stopped(t, await startCluster({ servers: 2 }))
  const store = await client(cluster)
  await store.createBucket('box')
  const follower = new Follower(store, 'box')
  await follower.begun()
  const writers = new Writers(store, 'box')
  await writers.more(50)
  await cluster.killAndRestart('agent-1')
  await writers.more(50)
  await cluster.killAndRestart('server')
  await writers.more(50)
  const away = cluster.pidOf('agent-2')
  process.kill(away, 'SIGSTOP')
  await writers.more(50)
  const during = [...writers.acknowledged]
  t.strictSame(await follower.lacking(during), [], 'an agent that hangs holds nobody up for long')
  process.kill(away, 'SIGCONT')
  await writers.more(50)
  await writers.stop()
  t.strictSame(await follower.lacking(writers.acknowledged), [])
  t.match(await follower.stop(), { code: 'CANCELLED' })
  t.strictSame(follower.resets, [])
  t.equal(new Set(follower.told).size, follower.told.length, 'each once')
  await store.close()

  await t.test('also what came while nobody watched, and after all were started anew', async t => {
    const before = await client(cluster)
    const unseen: string[] = []
    for (let n = 0; n < 20; n++) {
      const key = `unseen/${n}`
      const { versionId } = await before.put('box', key, 'x')
      unseen.push(nameOf({ type: 'put', key, versionId }))
    }
    await before.close()
    await cluster.killAll()
    await cluster.restart()
    const after = await client(cluster)
    t.teardown(() => after.close())
    const second = new Follower(after, 'box', follower.cursor)
    t.strictSame(await second.lacking(unseen), [])
    await second.stop()
    t.strictSame(second.resets, [])
  })

  await t.test('on the command line', async t => {
    const args = ['watch', 'box/unseen/', '--limit', '20', '--json']
    const first = await cluster.torc(['watch', 'box/unseen/', '--limit', '1', '--json', '--cursor', 'x'])
    t.equal(first.code, 2, 'no cursor')
    const running = cluster.torc(args)
    const writing = await client(cluster)
    t.teardown(() => writing.close())
    // It says nothing before there is something: each write may be the first that it sees.
    let isOver = false
    void running.finally(() => {
      isOver = true
    })
    for (let n = 0; !isOver; n++) {
      await writing.put('box', `unseen/cli-${n}`, 'x')
      await beforeNextLook()
    }
    const ran = await running
    t.equal(ran.code, 0, ran.stderr)
    const records = ran.stdout
      .toString()
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    t.equal(records.length, 20)
    t.match(records[0], { bucket: 'box', key: /^unseen\/cli-\d+$/, type: 'put', kind: 'object', cursor: /./ })
    const going = await cluster.torc([
      'watch',
      'box/unseen/',
      '--limit',
      '1',
      '--json',
      '--cursor',
      records[0].cursor,
    ])
    t.equal(going.code, 0, going.stderr)
  })
})

t.test(
  'a cursor of another cluster, and one that the log was trimmed beyond',
  { timeout: 120_000 },
  async t => {
    const [one, two] = await Promise.all([
      startCluster({ agents: 1 }),
      startCluster({ agents: 1, args: ['--keep-changes', '20'] }),
    ])
    for (const cluster of [one, two]) await stopped(t, cluster)
    const [first, second] = await Promise.all([client(one), client(two)])
    for (const store of [first, second]) {
      t.teardown(() => store.close())
      await store.createBucket('box')
    }
    const begins = await first.changes('box')
    const foreign: ChangeBatch = await second.changes('box', { cursor: begins.cursor, waitMs: 10_000 })
    t.match(foreign, { reset: true, changes: [] })
    for (let n = 0; n < 10; n++) await second.put('box', `${n}`, 'x')
    const kept = await second.changes('box', { cursor: foreign.cursor })
    t.match(kept, { reset: false })
    t.equal(kept.changes.length, 10)
    for (let n = 0; n < 30; n++) await second.put('box', `${n}`, 'x')
    t.match(await second.changes('box', { cursor: foreign.cursor }), { reset: true, changes: [] })
    t.match(await first.changes('box', { cursor: begins.cursor }), { reset: false, changes: [] })
  },
)
