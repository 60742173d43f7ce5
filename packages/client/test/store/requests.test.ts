import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { writeCredentials } from '../../src/config/credentials.js'
import { writeProfile } from '../../src/config/profiles.js'
import { connect } from '../../src/index.js'
import { credentials, ScriptedServer, versionAnswer, writeAnswer } from '../doubles/scripted-server.js'

const opId = Buffer.from('0123456789abcdef')
const bytes = Buffer.from('bytes')

t.test('every option of a call travels', async t => {
  const heads: Record<string, object> = {}
  const server = await ScriptedServer.start({
    putObject: ({ head }) => {
      heads.put = head
      return {
        head: writeAnswer(bytes, {
          siblings: ['other'],
          down: ['agent-2'],
          hinted: [['agent-3', ['agent-2']]],
        }),
      }
    },
    postDatum: ({ head }) => {
      heads.post = head
      return { head: writeAnswer(bytes, { key: 'made' }) }
    },
    getObject: ({ head }) => {
      heads.get = head
      return { head: versionAnswer(bytes), body: bytes }
    },
    headObject: ({ head }) => {
      heads.head = head
      return { head: versionAnswer(bytes, { degraded: true }) }
    },
    deleteObject: ({ head }) => {
      heads.delete = head
      return { head: { removed: ['a'], marker: 'm', context: 'token' } }
    },
    listVersions: ({ head }) => {
      heads.list = head
      return { head: { entries: [], token: 'next' } }
    },
    putBucket: ({ head }) => {
      heads.bucket = head
      return {
        head: {
          ...head,
          createdAt: 1,
          replicas: 5,
          readQuorum: 3,
          writeQuorum: 3,
          strict: true,
          policy: 'all',
        },
      }
    },
    initLayout: ({ head }) => {
      heads.layout = head
      return { head: { epoch: 1, agents: [], replicas: 3, partitions: 256 } }
    },
    getLayout: () => ({ head: { epoch: 1, partitions: 256, replicas: 3, agents: [] } }),
    getStatus: () => ({
      head: {
        ...{ epoch: 1, partitions: 256, replicas: 3, healthy: false, problems: ['p'], buckets: 2 },
        members: [
          {
            ...{ id: 'agent-1', name: 'agent', role: 'agent', address: 'h:1', zone: 'z', capacity: 9 },
            ...{
              incarnation: 1,
              state: 'alive',
              usedBytes: 5,
              partitions: 6,
              keys: 7,
              versions: 8,
              blocks: 9,
            },
          },
        ],
      },
    }),
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())

  const write = {
    contentType: 'x/y',
    metadata: [['a', 'b']] as const,
    context: 'token',
    strict: true,
    policy: 'latest',
    opId,
    retry: true,
  }
  const wire = {
    bucket: 'b',
    contentType: 'x/y',
    metadata: [['a', 'b']],
    context: 'token',
    strict: true,
    policy: 'latest',
    opId,
    retry: true,
  }
  const put = await store.putShared('b', 'k', '/shared/file', write)
  t.match(heads.put, { ...wire, key: 'k', shared: '/shared/file' })
  t.match(put, { siblings: ['other'], down: ['agent-2'], hinted: { 'agent-3': ['agent-2'] } })
  const posted = await store.post('b', bytes, write)
  t.match(heads.post, { ...wire, size: 5 })
  t.equal(posted.key, 'made')
  const before = Date.now()
  await store.post('b', bytes)
  const made = (heads.post as { opId: Uint8Array }).opId
  t.ok(Buffer.from(made).readUIntBE(0, 6) >= before, 'the id of a post begins with the time')

  const read = { versionId: 'v', range: [2] as const, strict: true }
  await store.getShared('b', 'k', '/shared/out', read)
  t.match(heads.get, {
    bucket: 'b',
    key: 'k',
    versionId: 'v',
    range: [2, -1],
    strict: true,
    shared: '/shared/out',
  })
  t.equal((await store.head('b', 'k', { versionId: 'v' })).degraded, true)
  t.match(heads.head, { bucket: 'b', key: 'k', versionId: 'v' })
  const gone = await store.delete('b', 'k', {
    versionId: 'v',
    context: 'token',
    marker: true,
    strict: true,
    opId,
    retry: true,
  })
  t.match(heads.delete, { versionId: 'v', context: 'token', marker: true, strict: true, opId, retry: true })
  t.same(gone, { bucket: 'b', key: 'k', removed: ['a'], marker: 'm', context: 'token' })
  const page = { prefix: 'p', delimiter: '/', limit: 5000, startAfter: 's', token: 't' }
  t.same(await store.listPage('b', 'versions', page), { entries: [], token: 'next' })
  t.same(heads.list, { bucket: 'b', ...page, limit: 1000 })
  const settings = { replicas: 5, readQuorum: 3, writeQuorum: 3, strict: true, policy: 'global:5' }
  await store.createBucket('b', { ...settings, cutting: 'content', compression: 'brotli' })
  t.same(heads.bucket, { bucket: 'b', ...settings, cutting: 'content', compression: 'brotli' })
  await store.initLayout({ agents: 3, replicas: 2 })
  t.same(heads.layout, { agents: 3, replicas: 2 })
  t.match((await store.status()).members[0], {
    id: 'agent-1',
    usedBytes: 5,
    partitions: 6,
    keys: 7,
    versions: 8,
    blocks: 9,
  })
})

t.test('a gathering that breaks off goes on behind what was handed on', async t => {
  let asked = 0
  let goOn = (): void => {}
  const handedOn = new Promise<void>(resolve => {
    goOn = resolve
  })
  const item = (key: string, versionId: string) => ({ key, versionId, size: 1, agents: ['agent-1'] })
  const items = [item('a', 'v1'), item('b', 'v2'), item('b', 'v3'), item('c', 'v4')]
  const server = await ScriptedServer.start({
    fetchBucket: async function* ({ head }) {
      asked++
      if (asked === 1) throw new TorcError('UNAVAILABLE', 'not yet')
      if (asked === 3) {
        // Removed meanwhile: `a`; new: a version of `b`.
        yield { head: { items: [item('b', 'v5'), ...items.slice(1)] } }
        return
      }
      yield { head: { items: items.slice(0, 2) } }
      // The first leaves when the second is known not to be the last.
      yield { head: { items: [] } }
      await handedOn
      throw new TorcError(head.prefix === 'p' ? 'DENIED' : 'UNAVAILABLE', 'in the middle')
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  const gathered: string[] = []
  for await (const { versionId } of store.fetch('b')) {
    gathered.push(versionId)
    if (versionId === 'v2') goOn()
  }
  t.same(gathered, ['v1', 'v2', 'v5', 'v3', 'v4'])
  t.equal(asked, 3)
  const refused = async (): Promise<void> => {
    for await (const _ of store.fetch('b', { prefix: 'p' })) t.pass()
  }
  await t.rejects(refused(), { code: 'DENIED' })
  t.equal(asked, 4)
})

t.test('what the caller leaves open comes from environment and profile', async t => {
  const server = await ScriptedServer.start({ headObject: () => ({ head: versionAnswer(bytes) }) })
  t.teardown(() => server.stop())
  const variables = { TORC_CONFIG_DIR: t.testdir() }
  const file = `${variables.TORC_CONFIG_DIR}/credentials.json`
  writeCredentials(file, credentials)
  writeProfile('work', { server: server.address, credentials: file }, variables)
  for (const options of [
    { variables, profile: 'work' },
    { variables: { ...variables, TORC_PROFILE: 'work' } },
    { variables: { ...variables, TORC_SERVER: server.address, TORC_CREDENTIALS: file } },
    { variables: { ...variables, TORC_SERVER: server.address }, credentials },
    { variables: { ...variables, TORC_CREDENTIALS: file }, servers: [server.address] },
  ]) {
    const store = await connect(options)
    t.equal((await store.head('b', 'k')).size, 5)
    await store.close()
  }
  await t.rejects(connect({ variables }), { code: 'CONFIG' })
  const tls = { ...variables, TORC_PROFILE: 'work', TORC_TLS_CA: '/none.pem' }
  await t.rejects(connect({ variables: tls }), { code: 'CONFIG', message: /none\.pem/ })
})
