import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { RequestOf } from '@torc/protocol/messages/table'
import t from 'tap'
import { bucketId, fetched } from '../support/agent-harness.js'
import { mint, soleAgent } from '../support/key-requests.js'

async function changes(server: Exchange, request: Partial<RequestOf<'fetchChanges'>> = {}) {
  const [answer] = await fetched(server, 'fetchChanges', {
    bucketId,
    prefix: '',
    limit: 500,
    time: 0,
    ...request,
  })
  if (answer === undefined) throw new Error('no answer')
  return answer.head
}

async function tail(server: Exchange, request: Partial<RequestOf<'fetchChangesTail'>> = {}) {
  const [answer] = await fetched(server, 'fetchChangesTail', { waitMs: 20_000, ...request })
  if (answer === undefined) throw new Error('no answer')
  return answer.head
}

t.test('where the log stands, what lies behind a position, and since a time', async t => {
  const { server } = await soleAgent(t)
  t.match(await changes(server), { first: 1, last: 0, from: 0, position: 0, changes: [] })
  const { version } = await mint(server, 'a/1', Buffer.from('x'))
  await mint(server, 'b/1', Buffer.from('x'))
  const now = await changes(server)
  t.match(now, { first: 1, last: 2, from: 2, position: 2, changes: [] })
  t.equal(now.logId.length, 16)
  const read = await changes(server, { after: 0, prefix: 'a/' })
  t.match(read, { from: 0, position: 2, last: 2 })
  t.match(read.changes, [
    {
      position: 1,
      key: 'a/1',
      versionId: version.id,
      kind: 'object',
      type: 'put',
      createdAt: version.createdAt,
    },
  ])
  t.equal(read.changes.length, 1)
  t.ok((read.changes[0]?.loggedAt ?? 0) >= version.createdAt)
  t.same((await changes(server, { since: version.createdAt })).changes.length, 2)
  t.match(await changes(server, { since: version.createdAt + 3_600_000_000 }), { from: 2, position: 2 })
  t.match(await changes(server, { after: 7 }), { from: 7, position: 7, changes: [] }, 'the asker judges it')
})

t.test('the tail is held until a change is durable, and names the buckets', async t => {
  const { server } = await soleAgent(t)
  const { logId, last } = await tail(server)
  t.equal(last, 0)
  const held = tail(server, { logId, after: 0 })
  await mint(server, 'k', Buffer.from('x'))
  const grown = await held
  t.match(grown, { last: 1 })
  t.same(
    grown.buckets?.map(id => Buffer.from(id)),
    [Buffer.from(bucketId)],
  )
  t.match(await tail(server, { logId: new Uint8Array(16), after: 1 }), { last: 1, buckets: undefined })
})

t.test('an agent that stops answers what it holds', async t => {
  const { agent, server } = await soleAgent(t)
  const { logId } = await tail(server)
  const held = tail(server, { logId, after: 0 })
  await changes(server)
  await agent.close()
  t.match(await held, { last: 0 })
})
