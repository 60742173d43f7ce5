import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { connect, type Store } from '../../src/index.js'
import { ScriptedServer, versionAnswer, writeAnswer } from '../doubles/scripted-server.js'

const opId = Buffer.from('0123456789abcdef')
const bytes = Buffer.from('bytes')
const id = (letter: string): string => letter.repeat(26)
const at = new Date('2026-01-02T03:04:05.678Z')
/** The end of that millisecond. */
const hybridAt = 1_767_323_045_678_999

async function connected(
  t: { teardown(run: () => Promise<void>): void },
  handlers: Parameters<typeof ScriptedServer.start>[0],
): Promise<{ store: Store; server: ScriptedServer }> {
  const server = await ScriptedServer.start(handlers)
  const store = await connect(server.options())
  t.teardown(async () => {
    await store.close()
    await server.stop()
  })
  return { store, server }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

t.test('a copy travels with its options, and again after a lost answer', async t => {
  const heads: object[] = []
  const { store, server } = await connected(t, {
    copyObject: ({ head }) => {
      heads.push(head)
      if (heads.length === 1) server.cut()
      return { head: { ...writeAnswer(bytes), sourceVersionId: id('c'), sourceContext: 'source' } }
    },
  })
  const source = { bucket: 'from', key: 'old', versionId: 'c' }
  const options = { contentType: 'x/y', metadata: [['a', 'b']] as const, context: 'token', policy: 'latest' }
  const copied = await store.copy(source, 'to', 'new', { ...options, opId })
  t.match(copied, {
    ...{ bucket: 'to', key: 'new', versionId: id('a'), sourceVersionId: id('c'), sourceContext: 'source' },
    clock: { '00000000000000aa': 1 },
  })
  const wire = { bucket: 'to', key: 'new', sourceBucket: 'from', sourceKey: 'old', sourceVersionId: 'c' }
  t.match(heads[0], { ...wire, ...options, opId })
  t.match(heads[1], { ...wire, ...options, opId, retry: true })
  await store.copy({ bucket: 'b', key: 'k' }, 'b', 'l')
  t.same(Object.keys(heads[2] ?? {}).sort(), ['bucket', 'key', 'opId', 'sourceBucket', 'sourceKey'])
})

t.test('a time travels to the end of its millisecond, and not beside a version', async t => {
  const heads: { at?: number; versionId?: string }[] = []
  const large = Buffer.alloc(2_000_000, 'x')
  const { store, server } = await connected(t, {
    headObject: ({ head }) => {
      heads.push(head)
      return { head: versionAnswer(bytes) }
    },
    getObject: ({ head }) => {
      heads.push(head)
      const from = head.range?.[0] ?? 0
      async function* stream(): AsyncGenerator<Uint8Array> {
        for (let sent = from; sent < large.length; sent += 100_000) {
          if (head.range === undefined && sent >= 1_000_000) return server.cut()
          yield large.subarray(sent, sent + 100_000)
        }
      }
      const range = head.range === undefined ? {} : { range: [from, large.length - 1] as [number, number] }
      return { head: { ...versionAnswer(large), ...range }, body: { stream: stream() } }
    },
    listKeys: ({ head }) => {
      heads.push(head)
      return { head: { entries: [] } }
    },
  })
  await store.head('b', 'k', { at })
  t.same(heads.at(-1), { bucket: 'b', key: 'k', at: hybridAt })
  t.same(await all(store.list('b', { at })), [])
  t.match(heads.at(-1), { bucket: 'b', at: hybridAt })
  const object = await store.get('b', 'k', { at })
  // What is asked for after the break is the rest of the same version, whatever is the latest by then.
  t.equal((await object.bytes()).length, large.length)
  t.equal(heads.at(-2)?.at, hybridAt)
  t.equal(heads.at(-1)?.at, undefined)
  t.equal(heads.at(-1)?.versionId, id('a'))
})

t.test('a history comes frame by frame', async t => {
  const version = {
    ...{ versionId: id('a'), kind: 'object' as const, size: 5, etag: 'e-t', contentType: 'x/y' },
    ...{ createdAt: 1_767_323_045_678_000, seq: 2, actor: '00000000000000aa', counter: 7 },
    ...{ mintedBy: 'agent-1', isLatest: true, isHead: true, parents: [id('b')] },
  }
  let asked = 0
  const { store } = await connected(t, {
    getHistory: async function* ({ head }) {
      if (++asked === 1) throw new TorcError('UNAVAILABLE', 'not yet')
      yield { head: { versions: [version] } }
      if (head.limit === undefined)
        yield { head: { versions: [{ ...version, versionId: id('b'), parents: [] }] } }
    },
  })
  const [first, second, ...more] = await all(store.history('b', 'k'))
  t.same(first, { bucket: 'b', key: 'k', ...version, isNull: false, createdAt: at })
  t.match(second, { versionId: id('b'), parents: [] })
  t.equal(more.length, 0)
  t.equal(asked, 2, 'a passing failure before the first is asked again')
  t.equal((await all(store.history('b', 'k', { limit: 1 }))).length, 1)
})

t.test('policies and tags', async t => {
  const heads: object[] = []
  const next = [{ versionId: id('a'), createdAt: 1_767_323_045_678_000, size: 5 }]
  const tags: [string, string][] = [
    ['__proto__', 'x'],
    ['place', 'Kiel'],
  ]
  const { store } = await connected(t, {
    getPolicy: ({ head }) => {
      heads.push(head)
      return { head: { policy: 'global:5', from: 'bucket', own: 'inherit', versions: 5, next } }
    },
    setPolicy: ({ head }) => {
      heads.push(head)
      return { head: {} }
    },
    getTags: ({ head }) => {
      heads.push(head)
      return { head: { versionId: id('a'), tags } }
    },
    setTags: ({ head }) => {
      heads.push(head)
      return { head: { versionId: id('a'), tags: [] } }
    },
  })
  t.same(await store.policy({ bucket: 'b', key: 'k' }), {
    ...{ policy: 'global:5', from: 'bucket', own: 'inherit', versions: 5 },
    next: [{ versionId: id('a'), createdAt: at, size: 5 }],
  })
  await store.policy({})
  await store.setPolicy({ bucket: 'b' }, 'latest')
  t.same(heads.splice(0), [{ bucket: 'b', key: 'k' }, {}, { bucket: 'b', policy: 'latest' }])
  const info = await store.tags('b', 'k', { versionId: 'a' })
  t.same(Object.entries(info.tags), tags)
  t.match(info, { bucket: 'b', key: 'k', versionId: id('a') })
  await store.tags('b', 'k')
  await store.setTags('b', 'k', { set: { a: '1' }, clear: ['b'] }, { versionId: 'a' })
  t.same(heads, [
    { bucket: 'b', key: 'k', versionId: 'a' },
    { bucket: 'b', key: 'k' },
    { bucket: 'b', key: 'k', set: [['a', '1']], clear: ['b'], versionId: 'a' },
  ])
})

t.test('a bucket is changed in what is named', async t => {
  const heads: object[] = []
  const { store } = await connected(t, {
    setBucket: ({ head }) => {
      heads.push(head)
      const settings = { replicas: 3, readQuorum: 2, writeQuorum: 3, strict: false }
      return {
        head: {
          bucket: 'b',
          createdAt: 1,
          ...settings,
          policy: 'latest',
          policyFrom: 'cluster',
          cutting: 'content',
        },
      }
    },
  })
  const info = await store.changeBucket('b', { writeQuorum: 3, strict: false, cutting: 'content' })
  t.match(info, { writeQuorum: 3, policy: 'latest', policyFrom: 'cluster', cutting: 'content' })
  t.same(heads, [{ bucket: 'b', writeQuorum: 3, strict: false, cutting: 'content' }])
})

t.test('restoring asks both listings and copies what differs', async t => {
  const entry = { ...versionAnswer(bytes), key: 'k' }
  const copies: object[] = []
  const { store } = await connected(t, {
    listKeys: ({ head }) => ({
      head: {
        entries: [{ ...entry, versionId: head.at === undefined ? id('b') : id('a'), etag: String(head.at) }],
      },
    }),
    headObject: () => ({ head: versionAnswer(bytes, { versionId: id('b'), context: 'seen' }) }),
    copyObject: ({ head }) => {
      copies.push(head)
      return { head: { ...writeAnswer(bytes), sourceVersionId: id('a'), sourceContext: '' } }
    },
  })
  t.same(await all(store.restore('b', { at })), [
    { bucket: 'b', key: 'k', action: 'restored', from: id('a'), versionId: id('a') },
  ])
  t.match(copies, [{ sourceVersionId: id('a'), context: 'seen', key: 'k', bucket: 'b' }])
})
