import type { ResponseOf } from '@torc/protocol/messages/table'
import t from 'tap'
import { connect } from '../../src/index.js'
import { ScriptedServer } from '../doubles/scripted-server.js'

const opId = Buffer.from('0123456789abcdef')
const time = 1_767_323_045_678_901
const at = new Date('2026-01-02T03:04:05.678Z')
const id = (letter: string): string => letter.repeat(26)
const answer = (client: string, session: string): ResponseOf<'listSyncSessions'>['sessions'][number] => ({
  ...{ prefix: 'p/', client: id(client), session: id(session), place: 'host:/p' },
  ...{ createdAt: time, seenAt: time },
})
const told = (client: string, session: string) => ({
  ...{ bucket: 'b', prefix: 'p/', client: id(client), session: id(session), place: 'host:/p' },
  ...{ createdAt: at, seenAt: at, cursor: undefined },
})

t.test('sync sessions over the wire', async t => {
  const asked: unknown[] = []
  const server = await ScriptedServer.start({
    openSyncSession({ head }) {
      asked.push(head)
      // The answer of the first attempt is lost.
      if (asked.length === 1) server.cut()
      return { head: { ...answer('c', 's'), newClient: true, newSession: true } }
    },
    keepSyncSession({ head }) {
      asked.push(head)
      return { head: {} }
    },
    listSyncSessions({ head }) {
      asked.push(head)
      const [page, more] = head.after === undefined ? (['a', true] as const) : (['b', false] as const)
      return { head: { sessions: [answer(page, 's'), answer(page, 't')], more } }
    },
    endSyncSession({ head }) {
      asked.push(head)
      return { head: {} }
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())

  const opened = await store.openSyncSession('b', { prefix: 'p/', place: 'host:/p', opId })
  t.strictSame(opened, { ...told('c', 's'), newClient: true, newSession: true })
  const request = { bucket: 'b', opId, prefix: 'p/', place: 'host:/p' }
  t.match(asked.splice(0), [request, { ...request, retry: true }])
  await store.openSyncSession('b', { prefix: '', place: '', client: id('c'), session: id('s') })
  t.match(asked.splice(0), [{ client: id('c'), session: id('s'), opId: { length: 16 } }])

  await store.keepSyncSession(opened, 'cursor')
  await store.endSyncSession(opened)
  const name = { bucket: 'b', prefix: 'p/', client: id('c'), session: id('s') }
  t.match(asked.splice(0), [{ ...name, cursor: 'cursor' }, name])

  t.strictSame(await store.syncSessions('b'), [
    told('a', 's'),
    told('a', 't'),
    told('b', 's'),
    told('b', 't'),
  ])
  t.match(asked.splice(0), [
    { bucket: 'b', after: undefined },
    { bucket: 'b', after: [id('a'), id('t')] },
  ])
})
