import { TorcError } from '@torc/protocol/errors'
import type { ResponseOf } from '@torc/protocol/messages/table'
import t from 'tap'
import { connect } from '../../src/index.js'
import { ScriptedServer } from '../doubles/scripted-server.js'

const root: ResponseOf<'getAccessKey'> = {
  ...{ accessKey: 'TORCAAAAAAAAAAAAAAAA', name: 'root', root: true, admin: true },
  grants: [['*', ['read', 'write', 'owner']]],
}
const made: ResponseOf<'getAccessKey'> = {
  ...{ accessKey: 'TKAAAAAAAAAAAAAAAAAA', name: 'app', root: false, admin: false },
  ...{ createdAt: 1_767_323_045_678_000, grants: [['photos', ['read']]] },
}

t.test('access keys over the wire', async t => {
  const asked: unknown[] = []
  const server = await ScriptedServer.start({
    createAccessKey({ head }) {
      asked.push(head)
      return { head: { ...made, secretKey: 'secret' } }
    },
    getAccessKey: ({ head }) => ({ head: head.accessKey === undefined ? root : made }),
    listAccessKeys: ({ head }) => ({
      head: head.after === undefined ? { keys: [root], more: true } : { keys: [made], more: false },
    }),
    grantAccess: ({ head }) => ({ head: { ...head, grants: ['read', 'write'] } }),
    revokeAccess: ({ head }) => ({ head: { ...head, grants: [] } }),
    deleteAccessKey({ head }) {
      asked.push(head)
      return { head: {} }
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  const { keys } = store
  const info = {
    ...{ accessKey: made.accessKey, name: 'app', root: false, admin: false },
    ...{ createdAt: new Date('2026-01-02T03:04:05.678Z'), grants: [{ bucket: 'photos', grants: ['read'] }] },
  }
  t.strictSame(await keys.create({ name: 'app', admin: true }), { ...info, secretKey: 'secret' })
  t.match(asked.pop(), { name: 'app', admin: true, opId: { length: 16 } })
  await keys.create()
  t.match(asked.pop(), { name: undefined, admin: undefined })
  t.match(await keys.show(), { root: true, createdAt: undefined })
  t.strictSame(await keys.show(made.accessKey), info)
  t.strictSame(
    (await keys.list()).map(({ accessKey }) => accessKey),
    [root.accessKey, made.accessKey],
    'page by page',
  )
  const grant = await keys.grant(made.accessKey, 'photos', ['write'])
  t.strictSame(grant, { bucket: 'photos', grants: ['read', 'write'] })
  t.strictSame(await keys.revoke(made.accessKey, '*', ['write']), { bucket: '*', grants: [] })
  await keys.delete(made.accessKey)
  t.strictSame(asked.pop(), { accessKey: made.accessKey })
})

t.test('a repeated request is that of the first attempt', async t => {
  const heads: { opId?: Uint8Array; retry?: boolean }[] = []
  const once = (): void => {
    if (heads.length % 2 === 1) throw new TorcError('UNAVAILABLE', 'not now')
  }
  const server = await ScriptedServer.start({
    createAccessKey({ head }) {
      heads.push(head)
      once()
      return { head: { ...made, secretKey: 'secret' } }
    },
    deleteAccessKey({ head }) {
      heads.push(head)
      once()
      return { head: {} }
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  await store.keys.create()
  t.strictSame(heads[0]?.opId, heads[1]?.opId, 'so that one key is made')
  await store.keys.delete(made.accessKey)
  t.match(heads.slice(2), [{ retry: undefined }, { retry: true }])
})
