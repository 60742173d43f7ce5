import { contextOfExactDot, decodeContext, encodeContext } from '@torc/cluster/clocks/causal-context'
import { decodeLiveReport } from '@torc/cluster/retention/live-report'
import { versionIdOf } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { systemRandom } from '@torc/protocol/environment/system'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { RequestOf } from '@torc/protocol/messages/table'
import t from 'tap'
import { fetched } from '../support/agent-harness.js'
import { address, type Minted, mint, soleAgent } from '../support/key-requests.js'

const body = Buffer.from('x')

async function ask(server: Exchange, fields: Partial<RequestOf<'fetchKey'>>) {
  const [answer] = await fetched(server, 'fetchKey', { ...address, key: 'a', want: 'state', ...fields })
  if (answer === undefined) throw new Error('no answer')
  return { ...answer.head, body: await answer.body?.bytes(1000) }
}

const ids = (records: readonly Uint8Array[] | undefined): string[] =>
  (records ?? []).map(record => decodeVersion(record).id)

t.test('a clock read for a policy tells of the oldest versions, as many as may go', async t => {
  const { server } = await soleAgent(t)
  const minted: Minted[] = []
  for (let i = 0; i < 200; i++) minted.push(await mint(server, 'a', body))
  const clock = async (policy?: string, key = 'a') => {
    const { live } = await ask(server, { want: 'clock', key, ...(policy === undefined ? {} : { policy }) })
    return live === undefined ? undefined : decodeLiveReport(live)
  }
  t.equal(await clock(), undefined)
  t.equal(await clock('all'), undefined)
  const report = await clock('global:200')
  t.equal(report?.versionCount, 200)
  t.same(
    report?.oldest.map(({ dot }) => dot),
    minted.slice(0, report?.oldest.length).map(({ version }) => version.dot),
  )
  t.equal(report?.oldest.length, 65)
  t.match(await clock('global:100000'), { versionCount: 200, oldest: [] }, 'far from the cap')
  t.match(await clock('latest', 'none'), { versionCount: 0, oldest: [] })
  await mint(server, 'a', body, { setPolicy: 'global:200' })
  t.equal((await clock())?.versionCount, 200, "the key's own policy asks for it too")
  await mint(server, 'a', body, { setPolicy: 'all', policy: 'global:200' })
  t.equal(await clock(), undefined)
  t.equal((await clock('global:200'))?.versionCount, 201, 'a policy of the key may be an old one')
})

t.test('heads as of an earlier time, with the body of then', async t => {
  const { server } = await soleAgent(t)
  const one = await mint(server, 'a', Buffer.from('one'))
  const seen = { cover: one.context, exact: true }
  const left = await mint(server, 'a', Buffer.from('left'), seen)
  const right = await mint(server, 'a', Buffer.from('right'), seen)
  const both = await mint(server, 'a', Buffer.from('both'))
  const heads = (at: number) => ask(server, { want: 'heads', at })
  t.match(await heads(one.version.createdAt - 1), { heads: [], body: undefined })
  const then = await heads(one.version.createdAt)
  t.same([ids(then.heads), then.body], [[one.version.id], Buffer.from('one')])
  const siblings = await heads(right.version.createdAt)
  t.same([ids(siblings.heads), siblings.body], [[right.version.id, left.version.id], Buffer.from('right')])
  const now = await heads(both.version.createdAt)
  t.same(now.body, Buffer.from('both'))
  const plain = await ask(server, { want: 'heads' })
  t.same(ids(now.heads), ids(plain.heads))
  t.same(
    [then.digest, then.newest, then.context],
    [plain.digest, plain.newest, plain.context],
    'of the whole state',
  )
  t.match(await ask(server, { want: 'heads', key: 'none', at: 5 }), { heads: [] })
  const marker = await mint(server, 'a', Buffer.alloc(0), { kind: 'marker' })
  t.match(await heads(marker.version.createdAt), { body: undefined })
})

t.test('a version that was removed is told apart from one that never was', async t => {
  const { server } = await soleAgent(t)
  const first = await mint(server, 'a', body)
  const second = await mint(server, 'a', body, { policy: 'latest' })
  const third = await mint(server, 'a', body)
  const { dot } = second.version
  const purge = encodeContext(contextOfExactDot(dot))
  await server.request('merge', { ...address, key: 'a', context: purge, keep: [] })
  const of = async (versionId: string) => (await ask(server, { versionId })).removed
  t.same(await of(first.version.id), [[first.version.id, 'pruned']])
  t.same(await of(first.version.id.slice(0, 12)), [[first.version.id, 'pruned']])
  t.same(await of(second.version.id), [[second.version.id, 'purged']])
  t.equal(await of(third.version.id), undefined)
  t.equal(await of('aaaaaaaaaaaaaaaaaaaaaaaaaa'), undefined)
  t.equal((await ask(server, {})).removed, undefined, 'only where a version is asked for')
  t.equal((await ask(server, { key: 'none', versionId: first.version.id })).removed, undefined)
  await t.rejects(mint(server, 'a', body, { opId: first.version.opId }), { code: 'SUPERSEDED' })
})

t.test('after a look under an attempt no other attempt mints', async t => {
  const { server } = await soleAgent(t)
  const opId = systemRandom.bytes(16)
  const versionId = versionIdOf(opId)
  const [one, two] = [new Uint8Array(8).fill(1), new Uint8Array(8).fill(2)]
  await ask(server, { versionId, attempt: one })
  await t.rejects(mint(server, 'a', body, { opId }), { code: 'SUPERSEDED' })
  await t.rejects(mint(server, 'a', body, { opId, attempt: two }), { code: 'SUPERSEDED' })
  await mint(server, 'a', body)
  await ask(server, { versionId, attempt: two })
  await t.rejects(mint(server, 'a', body, { opId, attempt: one }), { code: 'SUPERSEDED' })
  await ask(server, { versionId, attempt: one })
  await t.rejects(
    mint(server, 'a', body, { opId, attempt: one }),
    { code: 'SUPERSEDED' },
    'its look came late',
  )
  const made = await mint(server, 'a', body, { opId, attempt: two })
  t.equal(made.version.id, versionId)
  t.match(await mint(server, 'a', body, { opId }), { repeated: true }, 'what was made is answered to all')
})

t.test('a mint that arrives together with a look is seen by it or refused', async t => {
  const { server } = await soleAgent(t)
  let seen = 0
  for (let i = 0; i < 40; i++) {
    const opId = systemRandom.bytes(16)
    const minted = mint(server, 'a', body, { opId }).then(
      () => true,
      () => false,
    )
    if (i % 2 === 0) await mint(server, 'other', body)
    const versionId = versionIdOf(opId)
    const { heads, versions } = await ask(server, { versionId, attempt: systemRandom.bytes(8) })
    const found = [...ids(heads), ...ids(versions)].includes(versionId)
    t.equal(await minted, found)
    if (found) seen++
  }
  t.ok(seen >= 20, `${seen} were seen`)
})

t.test('what does not fit together is refused', async t => {
  const { server } = await soleAgent(t)
  const attempt = systemRandom.bytes(8)
  const versionId = 'a'.repeat(26)
  for (const fields of [
    { attempt },
    { attempt, versionId: 'aaaa' },
    { attempt, versionId, want: 'heads' as const },
    { attempt: attempt.subarray(1), versionId },
    { want: 'clock' as const, policy: 'inherit' },
    { want: 'clock' as const, policy: 'global:-1' },
    { want: 'heads' as const, at: -1 },
  ]) {
    await t.rejects(ask(server, fields), { code: 'BAD_REQUEST' }, JSON.stringify(fields))
  }
  t.ok(decodeContext((await ask(server, {})).context ?? body))
})
