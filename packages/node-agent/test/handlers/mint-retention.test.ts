import { covers, decodeContext } from '@torc/cluster/clocks/causal-context'
import { encodeLiveReport } from '@torc/cluster/retention/live-report'
import { decodeAttributes, encodeAttributes } from '@torc/cluster/state/attributes-codec'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { systemRandom } from '@torc/protocol/environment/system'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import t from 'tap'
import { emptyReport } from '../../src/index/oldest-versions.js'
import { fetched } from '../support/agent-harness.js'
import { address, mint, soleAgent } from '../support/key-requests.js'

const body = Buffer.from('x')

/** Ids of all versions, the oldest first. */
async function versionsOf(server: Exchange, key = 'a'): Promise<string[]> {
  const answers = await fetched(server, 'fetchKey', { ...address, key, want: 'state' })
  return answers
    .flatMap(({ head }) => [...(head.heads ?? []), ...(head.versions ?? [])])
    .map(record => decodeVersion(record))
    .sort((a, b) => a.createdAt - b.createdAt)
    .map(version => version.id)
}

async function clock(server: Exchange, key = 'a', policy?: string) {
  const [answer] = await fetched(server, 'fetchKey', {
    ...address,
    key,
    want: 'clock',
    ...(policy === undefined ? {} : { policy }),
  })
  if (answer === undefined) throw new Error('no answer')
  return answer.head
}

t.test('each policy keeps what it says, and the delta tells what went', async t => {
  const { server } = await soleAgent(t)
  const cases: [policy: string, puts: number, left: number][] = [
    ['all', 12, 12],
    ['global:5', 12, 5],
    ['dynamic:8', 8, 8],
    ['dynamic:8', 9, 7],
    ['latest', 3, 1],
    ['global:1', 3, 1],
  ]
  for (const [policy, puts, left] of cases) {
    const key = `${policy} ${puts}`
    const ids: string[] = []
    for (let i = 0; i < puts; i++) ids.push((await mint(server, key, body, { policy })).version.id)
    t.same(await versionsOf(server, key), ids.slice(-left), key)
  }
  const one = await mint(server, 'a', body, { policy: 'latest' })
  const two = await mint(server, 'a', body, { policy: 'latest' })
  t.ok(covers(decodeContext(two.delta), one.version.dot))
  t.same(two.siblings, [])
})

t.test('a delete marker counts, and goes in at the cap', async t => {
  const { server } = await soleAgent(t)
  const kept: string[] = []
  for (let i = 0; i < 3; i++) kept.push((await mint(server, 'a', body, { policy: 'global:3' })).version.id)
  const marker = await mint(server, 'a', Buffer.alloc(0), { policy: 'global:3', kind: 'marker' })
  t.same(await versionsOf(server), [...kept.slice(1), marker.version.id])
})

t.test('a head that the new version does not cover stays, whatever the cap', async t => {
  const { server } = await soleAgent(t)
  const first = await mint(server, 'a', body)
  const seen = { cover: first.context, exact: true, policy: 'latest' }
  const left = await mint(server, 'a', body, seen)
  const right = await mint(server, 'a', body, seen)
  t.same(await versionsOf(server), [left.version.id, right.version.id], 'siblings')
  const both = await mint(server, 'a', body, { policy: 'latest' })
  t.same(await versionsOf(server), [both.version.id])
})

t.test('nothing is pruned for a write that is refused or was made before', async t => {
  const { server } = await soleAgent(t)
  const opId = systemRandom.bytes(16)
  const ids: string[] = []
  for (let i = 0; i < 3; i++) ids.push((await mint(server, 'a', body, i === 2 ? { opId } : {})).version.id)
  const again = await mint(server, 'a', body, { opId, policy: 'latest' })
  t.equal(again.repeated, true)
  await t.rejects(mint(server, 'a', body, { policy: 'latest', size: 5 }), { code: 'CHECKSUM' })
  const seenTime = Date.now() * 1000 + 3_600_000_000
  await t.rejects(mint(server, 'a', body, { policy: 'latest', seenTime }), { code: 'CLOCK_SKEW' })
  t.same(await versionsOf(server), ids)
})

t.test("the key's own policy goes before the bucket's, and comes and goes with a write", async t => {
  const { server } = await soleAgent(t)
  for (let i = 0; i < 4; i++) await mint(server, 'a', body)
  const set = await mint(server, 'a', body, { setPolicy: 'global:2', policy: 'global:100' })
  t.equal((await versionsOf(server)).length, 2, 'in force at once')
  const [register] = decodeAttributes(set.attributes ?? body).values()
  t.match(register, { name: 'policy', time: set.version.createdAt, dot: set.version.dot })
  t.same((await clock(server)).attributes, set.attributes)
  for (let i = 0; i < 3; i++) t.equal((await mint(server, 'a', body)).attributes, undefined)
  t.equal((await versionsOf(server)).length, 2)
  await mint(server, 'a', body, { setPolicy: 'inherit', policy: 'global:3' })
  for (let i = 0; i < 3; i++) await mint(server, 'a', body, { policy: 'global:3' })
  t.equal((await versionsOf(server)).length, 3)
  await mint(server, 'a', body, { setPolicy: 'all', policy: 'global:3' })
  for (let i = 0; i < 3; i++) await mint(server, 'a', body, { policy: 'global:3' })
  t.equal((await versionsOf(server)).length, 7)
})

t.test('a policy that only other owners hold counts, and one that is set is above it', async t => {
  const { server } = await soleAgent(t)
  const other = await mint(server, 'other', body, { setPolicy: 'latest' })
  for (let i = 0; i < 3; i++) await mint(server, 'a', body)
  const attributes = other.attributes ?? body
  const [last] = [await mint(server, 'a', body, { attributes })]
  t.same(await versionsOf(server), [last?.version.id])
  const [ahead] = [...decodeAttributes(attributes).values()].map(register => ({
    ...register,
    time: Date.now() * 1000 + 20_000_000,
  }))
  if (ahead === undefined) throw new Error('no register')
  const later = encodeAttributes(new Map([['/policy', ahead]]))
  const set = await mint(server, 'a', body, { attributes: later, setPolicy: 'global:7' })
  t.ok(set.version.createdAt > ahead.time)
})

t.test('a repeated mint answers the registers that the first attempt set', async t => {
  const { server } = await soleAgent(t)
  const opId = systemRandom.bytes(16)
  const first = await mint(server, 'a', body, { opId, setPolicy: 'global:2' })
  const again = await mint(server, 'a', body, { opId, setPolicy: 'global:2' })
  t.equal(again.repeated, true)
  t.same(again.attributes, first.attributes)
})

t.test('owners that hold the same remove the same, write after write', async t => {
  const [a, b] = [await soleAgent(t), await soleAgent(t, { name: 'agent-2' })]
  const ids: string[] = []
  for (let i = 0; i < 40; i++) {
    // Now the one mints, now the other, as when owners come and go.
    const [minter, other] = i % 3 === 0 ? [b, a] : [a, b]
    const { live, context } = await clock(other.server, 'a', 'global:20')
    const fields = { policy: 'global:20', live: live ? [live] : [], ...(context ? { cover: context } : {}) }
    const { delta, record, version } = await mint(minter.server, 'a', body, fields)
    ids.push(version.id)
    await other.server.request('merge', { ...address, key: 'a', context: delta, record }, { body })
    t.same(await versionsOf(a.server), ids.slice(-20))
    t.same((await clock(b.server)).digest, (await clock(a.server)).digest)
  }
})

t.test('versions that only others hold count as well, and are removed there', async t => {
  const [a, b] = [await soleAgent(t), await soleAgent(t, { name: 'agent-2' })]
  const ids: string[] = []
  for (let i = 0; i < 4; i++) {
    const minted = await mint(a.server, 'a', body)
    ids.push(minted.version.id)
    const { delta: context, record } = minted
    await b.server.request('merge', { ...address, key: 'a', context, record }, { body })
  }
  // b misses one, and a never had the one before it.
  const onlyB = await mint(b.server, 'a', body)
  const { live, context } = await clock(b.server, 'a', 'global:4')
  t.ok(live !== undefined)
  const cover = context ?? body
  const next = await mint(a.server, 'a', body, { cover, policy: 'global:4', live: live ? [live] : [] })
  t.same(await versionsOf(a.server), [...ids.slice(2), next.version.id])
  const { delta, record } = next
  await b.server.request('merge', { ...address, key: 'a', context: delta, record }, { body })
  t.same(await versionsOf(b.server), [...ids.slice(2), onlyB.version.id, next.version.id])
})

t.test('nonsense is refused, and nothing is stored', async t => {
  const { server } = await soleAgent(t)
  const report = encodeLiveReport(emptyReport)
  const bad: Record<string, unknown>[] = [
    { policy: 'inherit' },
    { policy: 'global' },
    { policy: 'global:0' },
    { policy: 'global:5,age:30d' },
    { policy: 'dynamic:1000001' },
    { policy: '' },
    { setPolicy: 'sometimes' },
    { setPolicy: 'latest:1' },
    { live: [Buffer.from('nonsense')] },
    { live: [report, report.subarray(1)] },
    { live: Array(65).fill(report) },
    { live: 'all' },
    { attributes: Buffer.from('nonsense') },
    { attributes: Buffer.alloc(0) },
    { attempt: Buffer.alloc(7) },
  ]
  for (const fields of bad) {
    await t.rejects(mint(server, 'a', body, fields), { code: 'BAD_REQUEST' }, JSON.stringify(fields))
  }
  const policy = { want: 'clock' as const, policy: 'never' }
  await t.rejects(fetched(server, 'fetchKey', { ...address, key: 'a', ...policy }), { code: 'BAD_REQUEST' })
  t.same(await versionsOf(server), [])
})
