import { decodeContext } from '@torc/cluster/clocks/causal-context'
import { versionIdOf } from '@torc/cluster/state/version'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import t, { type Test } from 'tap'
import { fetched, firstEpoch, serverConnection, startedAgent } from '../support/agent-harness.js'
import { address, type Minted, mint } from '../support/key-requests.js'

/** Two owners of everything. */
async function pair(t: Test): Promise<{ one: Exchange; two: Exchange }> {
  const [a, b] = [await startedAgent(t, { name: 'a' }), await startedAgent(t, { name: 'b' })]
  const [one, two] = [await serverConnection(t, a), await serverConnection(t, b)]
  const epoch = firstEpoch([a.id, b.id])
  await Promise.all([one, two].map(server => server.request('putEpoch', { epoch })))
  return { one, two }
}

const merge = (server: Exchange, minted: Minted, body: Uint8Array) =>
  server.request('merge', { ...address, key: 'a', context: minted.delta, record: minted.record }, { body })

const digestOf = async (server: Exchange): Promise<Uint8Array | undefined> => {
  const [answer] = await fetched(server, 'fetchKey', { ...address, key: 'a', want: 'digest' })
  return answer?.head.digest
}

t.test('a delta makes the replica equal, and again changes nothing', async t => {
  const { one, two } = await pair(t)
  const body = Buffer.from('hello')
  const minted = await mint(one, 'a', body)
  t.equal((await merge(two, minted, body)).head.outcome, 'stored')
  t.equal((await merge(two, minted, body)).head.outcome, 'had')
  t.same(await digestOf(two), await digestOf(one))
  const [found] = await fetched(two, 'fetchKey', { ...address, key: 'a', want: 'heads' })
  t.same(await found?.body?.bytes(100), body)
})

t.test('a version that was purged is never taken again', async t => {
  const { one, two } = await pair(t)
  const body = Buffer.from('hello')
  const minted = await mint(one, 'a', body)
  await merge(two, minted, body)
  const purge = { ...address, key: 'a', context: minted.context }
  const { head } = await two.request('merge', purge)
  t.same(head.removed, [minted.version.id])
  t.same((await two.request('merge', purge)).head.removed, undefined)
  t.equal((await merge(two, minted, body)).head.outcome, 'seen')
  await one.request('merge', purge)
  t.same(await digestOf(one), await digestOf(two))
  const [usage] = await fetched(one, 'fetchUsage', {})
  t.match(usage?.head, { keys: 0, versions: 0 })
})

t.test('a purge that names its operation is refused where a later attempt of it has looked', async t => {
  const { one } = await pair(t)
  const minted = await mint(one, 'a', Buffer.from('hello'))
  const opId = Buffer.alloc(16, 7)
  const attempt = (number: number) => Buffer.alloc(8, number)
  const look = { ...address, key: 'a', want: 'state', versionId: versionIdOf(opId) } as const
  await fetched(one, 'fetchKey', { ...look, attempt: attempt(2) })
  const purge = { ...address, key: 'a', context: minted.context, opId }
  await t.rejects(one.request('merge', purge), { code: 'SUPERSEDED' })
  await t.rejects(one.request('merge', { ...purge, attempt: attempt(1) }), { code: 'SUPERSEDED' })
  const read = { ...address, key: 'a', want: 'clock', opId } as const
  await t.rejects(fetched(one, 'fetchKey', read), { code: 'SUPERSEDED' })
  await fetched(one, 'fetchKey', { ...read, attempt: attempt(2) })
  const { head } = await one.request('merge', { ...purge, attempt: attempt(2) })
  t.same(head.removed, [minted.version.id])
})

t.test('a whole state comes version by version, and what the sender still holds stays', async t => {
  const { one, two } = await pair(t)
  const bodies = ['one', 'two', 'three'].map(text => Buffer.from(text))
  const minted: Minted[] = []
  for (const body of bodies) minted.push(await mint(one, 'a', body))
  const [state] = await fetched(one, 'fetchKey', { ...address, key: 'a', want: 'state' })
  const context = state?.head.context ?? new Uint8Array(0)
  const keep = minted.map(({ version }): [string, number] => [version.dot.actor, version.dot.counter])
  for (const [i, { record }] of minted.entries()) {
    const body = bodies[i] ?? new Uint8Array(0)
    await two.request('merge', { ...address, key: 'a', context, record, keep }, { body })
  }
  t.same(await digestOf(two), await digestOf(one))
  t.ok(decodeContext(context).vector.size > 0)
})

t.test('what does not fit together is refused', async t => {
  const { one, two } = await pair(t)
  const body = Buffer.from('hello')
  const minted = await mint(one, 'a', body)
  await t.rejects(merge(two, minted, Buffer.from('other')), { code: 'CHECKSUM' })
  await t.rejects(merge(two, minted, Buffer.from('longer than it')), { code: 'CHECKSUM' })
  await t.rejects(merge(two, { ...minted, record: body }, body), { code: 'BAD_REQUEST' })
  await t.rejects(merge(two, { ...minted, delta: body }, body), { code: 'BAD_REQUEST' })
  const keep: [string, number][] = [['not an actor', 1]]
  await t.rejects(two.request('merge', { ...address, key: 'a', context: minted.delta, keep }), {
    code: 'BAD_REQUEST',
  })
  t.same(await digestOf(two), Buffer.alloc(16))
})
