import { covers, decodeContext, emptyContext } from '@torc/cluster/clocks/causal-context'
import { actorId } from '@torc/cluster/clocks/dot'
import { compareBallots, makeBallot, sameBallot } from '@torc/cluster/consensus/ballot'
import { proposedVersion } from '@torc/cluster/consensus/condition'
import { decide, decodeProposal, emptyProposal, encodeProposal } from '@torc/cluster/consensus/proposal'
import { type Version, versionIdOf } from '@torc/cluster/state/version'
import { systemRandom } from '@torc/protocol/environment/system'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { fetched } from '../support/agent-harness.js'
import { address, mint, soleAgent, written } from '../support/key-requests.js'

const ballot = (round: number) => makeBallot(systemRandom, round)
const body = Buffer.from('proposed')

type Promised = ResponseOf<'prepare'>

async function prepare(
  server: Exchange,
  round: Uint8Array,
  fields: Partial<RequestOf<'prepare'>> = {},
): Promise<Promised> {
  return (await server.request('prepare', { ...address, key: 'a', ballot: round, ...fields })).head
}

/** A proposal of a version with the dot that a promise brought. */
function proposalOf({ dot, after = 0 }: Promised, fields: Partial<Version> = {}) {
  const opId = systemRandom.bytes(16)
  const version: Version = {
    dot: { actor: actorId(dot?.[0] ?? ''), counter: dot?.[1] ?? 0 },
    after,
    id: versionIdOf(opId),
    context: emptyContext,
    kind: 'object',
    createdAt: Date.now() * 1000,
    seq: 1,
    opId,
    blocks: undefined,
    ...written(body),
    ...fields,
  }
  const proposal = decide(
    emptyProposal,
    { opId: version.opId, written: true },
    proposedVersion(version, undefined, undefined),
  )
  return { version, proposal: encodeProposal(proposal) }
}

const accept = async (server: Exchange, round: Uint8Array, proposal: Uint8Array) =>
  (await server.request('accept', { ...address, key: 'a', ballot: round, proposal }, { body })).head

async function stateOf(server: Exchange) {
  const [state] = await fetched(server, 'fetchKey', { ...address, key: 'a', want: 'state' })
  return {
    context: decodeContext(state?.head.context ?? new Uint8Array()),
    heads: state?.head.heads?.length ?? 0,
  }
}

t.test(
  'what is promised and accepted outlives the process, and no read shows it before it is learned',
  async t => {
    const disk = new MemoryDisk()
    const first = await soleAgent(t, { data: disk })
    const [one, two] = [ballot(1), ballot(2)]
    const promised = await prepare(first.server, two, { dot: true })
    t.match(promised, { promised: two, heads: [], learned: undefined })
    t.ok(compareBallots((await prepare(first.server, one)).promised, one) > 0, 'a lower one is refused')
    const { proposal, version } = proposalOf(promised)
    t.ok(sameBallot((await accept(first.server, two, proposal)).promised, two))
    t.equal((await stateOf(first.server)).heads, 0)
    const range = await fetched(first.server, 'fetchRange', {
      epoch: 1,
      stage: 3,
      time: 0,
      bucketId: address.bucketId,
      limit: 10,
    })
    t.same(range[0]?.head.keys, [])
    await first.agent.close()

    const second = await soleAgent(t, { data: disk })
    t.ok(sameBallot((await accept(second.server, one, proposal)).promised, two), 'still refused')
    const answer = await second.server.request('prepare', { ...address, key: 'a', ballot: ballot(3) })
    t.match(answer.head, { accepted: two, proposal, learned: false })
    t.same(Buffer.concat(answer.body?.inline ?? []), body)
    const learned = await second.server.request('learn', { ...address, key: 'a', ballot: two })
    t.equal(learned.head.outcome, 'stored')
    t.ok(covers(decodeContext(learned.head.context), version.dot))
    t.equal((await stateOf(second.server)).heads, 1)
  },
)

t.test('what was accepted stays known after it was learned, without its content', async t => {
  const { server } = await soleAgent(t)
  const one = ballot(1)
  const { proposal, version } = proposalOf(await prepare(server, one, { dot: true }))
  await accept(server, one, proposal)
  t.equal(
    (await server.request('learn', { ...address, key: 'a', ballot: ballot(1) })).head.outcome,
    'unknown',
  )
  await server.request('learn', { ...address, key: 'a', ballot: one })
  t.equal((await server.request('learn', { ...address, key: 'a', ballot: one })).head.outcome, 'had')
  t.ok(sameBallot((await accept(server, one, proposal)).promised, one), 'sent twice')
  const after = await prepare(server, ballot(2))
  t.match(after, { accepted: one, learned: true })
  const kept = decodeProposal(after.proposal ?? new Uint8Array())
  t.equal(kept.version, undefined)
  t.same(kept.decisions, [{ opId: version.opId, written: true }])
})

t.test('a plain write comes after a dot that was handed out, which may yet be used', async t => {
  const { server } = await soleAgent(t)
  const one = ballot(1)
  const promised = await prepare(server, one, { dot: true })
  const minted = await mint(server, 'a', Buffer.from('plain'))
  t.equal(minted.version.after, promised.dot?.[1])
  const { proposal, version } = proposalOf(promised)
  await accept(server, one, proposal)
  await server.request('learn', { ...address, key: 'a', ballot: one })
  const { context, heads } = await stateOf(server)
  t.equal(heads, 2, 'siblings: neither knew of the other')
  t.ok(covers(context, version.dot) && covers(context, minted.version.dot))
  t.equal(context.cloud.size, 0, 'no gap is left')
})

t.test('an audit takes a proposal that may be chosen for a version', async t => {
  const { server } = await soleAgent(t)
  const operations = (opId: Uint8Array) =>
    server.request('fetchOperations', {
      epoch: 1,
      stage: 3,
      time: 0,
      operations: [{ bucketId: address.bucketId, key: 'a', opId }],
    })
  const one = ballot(1)
  const { proposal, version } = proposalOf(await prepare(server, one, { dot: true }))
  t.same((await operations(version.opId)).head.known, ['none'])
  await accept(server, one, proposal)
  t.same((await operations(version.opId)).head.known, ['intent'])
  await server.request('learn', { ...address, key: 'a', ballot: one })
  t.same((await operations(version.opId)).head.known, ['version'])
})

t.test('a proposal takes the place of an intent, and is refused where there is none', async t => {
  const { server } = await soleAgent(t)
  const one = ballot(1)
  const { proposal, version } = proposalOf(await prepare(server, one, { dot: true }))
  const request = { ...address, key: 'a', ballot: one, proposal, intent: true }
  await t.rejects(server.request('accept', request, { body }), { code: 'INTENT_EXPIRED' })
  await server.request('placeIntent', { ...address, key: 'a', opId: version.opId })
  t.ok(sameBallot((await server.request('accept', request, { body })).head.promised, one))
  t.ok(sameBallot((await server.request('accept', request, { body })).head.promised, one), 'sent twice')
})

t.test('bad proposals are refused, and change nothing', async t => {
  const { server } = await soleAgent(t)
  const one = ballot(1)
  const { proposal } = proposalOf(await prepare(server, one, { dot: true }))
  await t.rejects(accept(server, one, new Uint8Array([1, 2, 3])), { code: 'BAD_REQUEST' })
  const nothing = encodeProposal(emptyProposal)
  await t.rejects(server.request('accept', { ...address, key: 'a', ballot: one, proposal: nothing }), {
    code: 'BAD_REQUEST',
  })
  await t.rejects(
    server.request('accept', { ...address, key: 'a', ballot: one, proposal }, { body: Buffer.from('other') }),
    { code: 'CHECKSUM' },
  )
  await t.rejects(prepare(server, one, { epoch: 2 }), { code: 'STALE_EPOCH' })
  t.equal((await prepare(server, ballot(2))).accepted, undefined)
})
