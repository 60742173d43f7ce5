import type { SyncSession } from '@torc/protocol/store/sync-sessions'
import t from 'tap'
import { syncSessionRecord } from '../../../src/output/records.js'
import { sessionHead, sessionRows } from '../../../src/sync/session/session-table.js'

const begun = new Date('2026-01-02T03:04:05.678Z')
const seen = new Date('2026-01-03T04:05:06.789Z')
const session: SyncSession = {
  ...{ bucket: 'photos', prefix: '2026/', client: 'c'.repeat(26), session: 's'.repeat(26) },
  ...{ place: 'laptop:/home/eva/\x1b[2Jphotos', createdAt: begun, seenAt: seen, cursor: undefined },
}

t.test('a row for people, and one for programs', async t => {
  const [client, id] = [session.client, session.session]
  const place = 'laptop:/home/eva/\\x1b[2Jphotos'
  t.strictSame(sessionRows([session], true), [
    ['photos/2026/', client, place, id, '2026-01-02 03:04:05', '2026-01-03 04:05:06'],
  ])
  t.strictSame(sessionRows([{ ...session, prefix: '' }], false), [
    ['photos', client, place, id, begun.toISOString(), seen.toISOString()],
  ])
  t.equal(sessionHead.length, 6)
})

t.test('the sessions of a client are together, the one that was seen last before the others', async t => {
  const of = (more: Partial<SyncSession>): SyncSession => ({ ...session, ...more })
  const sorted = [
    of({ bucket: 'a', prefix: 'z/' }),
    of({ prefix: '', session: '1' }),
    of({ client: 'a', seenAt: seen, session: '2' }),
    of({ client: 'a', seenAt: begun, session: '1' }),
    of({ client: 'a', seenAt: begun, session: '3' }),
    of({ client: 'b', seenAt: seen }),
  ]
  const shuffled = [5, 2, 0, 4, 1, 3].flatMap(at => sorted[at] ?? [])
  t.strictSame(
    sessionRows(shuffled, false),
    sorted.flatMap(one => sessionRows([one], false)),
  )
})

t.test('the record of a session has just these fields', async t => {
  const { cursor, ...rest } = session
  t.equal(
    JSON.stringify(syncSessionRecord({ ...session, more: 1 } as SyncSession)),
    JSON.stringify({ ...rest, cursor: null }),
  )
  t.match(syncSessionRecord({ ...session, cursor: 'c' }), { cursor: 'c' })
})
