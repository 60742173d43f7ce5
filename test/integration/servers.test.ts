import { createHash, randomBytes } from 'node:crypto'
import { connect, type Store } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import t from 'tap'
import { type Cluster, startCluster } from '../harness/processes/cluster.js'

const serverNames = ['server', 'server-2', 'server-3']
const clients = 6

let cluster: Cluster
const stores: Store[] = []

t.before(async () => {
  cluster = await startCluster({ servers: 3, agents: 4 })
  await (await client()).createBucket('box')
})

t.teardown(async () => {
  await Promise.all(stores.map(store => store.close()))
  await cluster.stop()
})

/** A client of all servers, of which it is connected to `first` at first. */
async function client(first = 0): Promise<Store> {
  const { servers } = cluster
  const store = await connect({
    servers: [...servers.slice(first), ...servers.slice(0, first)],
    credentials: readCredentials(cluster.credentials),
  })
  stores.push(store)
  return store
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function versionIds(store: Store, key: string): Promise<string[]> {
  const ids: string[] = []
  for await (const { versionId } of store.history('box', key)) ids.push(versionId)
  return ids
}

t.test('a second terminal knows all servers, and each of them serves', async t => {
  t.equal(cluster.servers.length, 3)
  t.equal(cluster.servers[0], cluster.server)
  t.equal(new Set(cluster.servers).size, 3)
  const profile = await cluster.torc(['put', 'box/cli', '-', '--json'], { stdin: 'from a terminal' })
  t.match(profile, { code: 0 }, profile.stderr)
  for (const server of cluster.servers) {
    const got = await cluster.torc(['get', 'box/cli', '-', '--server', server])
    t.equal(got.stdout.toString(), 'from a terminal', got.stderr)
  }
  // Nothing listens at port 1.
  const startMs = performance.now()
  const dead = ['127.0.0.1:1', cluster.servers[1], cluster.servers[2]].join(',')
  const got = await cluster.torc(['get', 'box/cli', '-', '--server', dead])
  t.equal(got.stdout.toString(), 'from a terminal', got.stderr)
  t.ok(performance.now() - startMs < 5_000, 'the dead one costs no time')
})

t.test('what one server changes holds at the others', async t => {
  const [a, b] = [await client(0), await client(1)]
  await a.createBucket('made')
  t.match(await b.put('made', 'k', '1'), { size: 1 }, 'at once')
  await a.setPolicy({ bucket: 'made' }, 'latest')
  for (let i = 0; i < 6; i++) await b.put('made', 'k', String(i))
  let count = 0
  for await (const _ of b.versions('made', { prefix: 'k' })) count++
  t.equal(count, 1, 'by the new policy, through whichever server')
})

t.test('servers are killed in turn under load: every write takes effect exactly once', async t => {
  const written = new Map<string, string>()
  const failures: unknown[] = []
  let stopped = false
  let number = 0
  let onWritten = (): void => {}
  /** Resolves when `count` more writes were acknowledged. */
  const more = (count: number): Promise<void> =>
    new Promise(resolve => {
      const wanted = written.size + count
      onWritten = () => {
        if (written.size >= wanted) resolve()
      }
    })
  const work = async (store: Store, me: number): Promise<void> => {
    while (!stopped) {
      const key = `load/${me}-${number++}`
      try {
        const { versionId } = await store.put('box', key, key)
        written.set(key, versionId)
        onWritten()
        t.equal(await (await store.get('box', key)).text(), key)
        if (number % 5 === 0) {
          await store.delete('box', key)
          written.set(key, 'deleted')
        } else if (number % 5 === 1) {
          const copy = await store.copy({ bucket: 'box', key }, 'box', `${key}-copy`)
          written.set(`${key}-copy`, copy.versionId)
        } else if (number % 5 === 2) {
          const posted = await store.post('box', key)
          written.set(posted.key, posted.versionId)
        }
      } catch (error) {
        failures.push(error)
      }
    }
  }
  const workers = await Promise.all(Array.from({ length: clients }, (_, me) => client(me % 3)))
  const running = workers.map(work)
  for (const name of serverNames) {
    await more(50)
    await cluster.killAndRestart(name)
  }
  await more(50)
  stopped = true
  await Promise.all(running)
  t.strictSame(failures, [], 'no request fails')
  const reader = await client()
  const wrong: string[] = []
  for (const [key, versionId] of written) {
    const ids = await versionIds(reader, key).catch(error => [String(error.code)])
    const expected = versionId === 'deleted' ? 'KEY_NOT_FOUND' : versionId
    if (ids.length !== 1 || ids[0] !== expected) wrong.push(`${key}: ${ids} instead of ${expected}`)
  }
  t.strictSame(wrong, [], `each of ${written.size} keys has its one version`)
})

t.test('large bodies across a kill: by hash, as a stream, and read', async t => {
  const body = randomBytes(24 * 1024 * 1024)
  const expected = sha256(body)
  const killAt = body.length / 3

  // Each client begins at the first server of its list; that one is killed.
  const killInTheMiddle = (name: string): ((bytes: number) => void) => {
    let seen = 0
    let killed = false
    return bytes => {
      seen += bytes
      if (killed || seen < killAt) return
      killed = true
      process.kill(cluster.pidOf(name), 'SIGKILL')
    }
  }
  const byHash = await client(0)
  const put = await byHash.put('box', 'by-hash', body, { onProgress: killInTheMiddle('server') })
  t.equal(put.sha256, expected)

  const streaming = await client(1)
  const upload = await streaming.createUpload('box', 'in-parts')
  const part = await streaming.uploadPart('box', 'in-parts', upload.uploadId, 1, body, {
    onProgress: killInTheMiddle('server-2'),
  })
  const done = await streaming.completeUpload('box', 'in-parts', upload.uploadId, [
    { partNumber: 1, etag: part.etag },
  ])
  t.equal(done.size, body.length)

  const reading = await client(2)
  const object = await reading.get('box', 'by-hash')
  const onBytes = killInTheMiddle('server-3')
  const digest = createHash('sha256')
  for await (const piece of object.body) {
    digest.update(piece)
    onBytes(piece.length)
  }
  t.equal(digest.digest('hex'), expected)
  t.equal(sha256(await (await reading.get('box', 'in-parts')).bytes()), expected)
  for (const key of ['by-hash', 'in-parts']) t.equal((await versionIds(reading, key)).length, 1, key)
})

t.test('a server that is stopped keeps nobody waiting for long', async t => {
  const store = await client(0)
  // From the second request on it is connected to all.
  for (let i = 0; i < 10; i++) await store.put('box', `before-${i}`, 'x')
  const pid = cluster.pidOf('server')
  process.kill(pid, 'SIGSTOP')
  t.teardown(() => process.kill(pid, 'SIGCONT'))
  const startMs = performance.now()
  const keys = Array.from({ length: 12 }, (_, i) => `while-${i}`)
  const put = await Promise.all(keys.map(key => store.put('box', key, key)))
  const tookMs = performance.now() - startMs
  t.ok(tookMs < 15_000, `${Math.round(tookMs)} ms, where a request may take 30 s`)
  for (const [i, key] of keys.entries()) t.strictSame(await versionIds(store, key), [put[i]?.versionId])
})
