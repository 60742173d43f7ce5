import { systemHasher } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { Handlers } from '@torc/protocol/exchange/exchange'
import t from 'tap'
import { bucketId } from '../support/agent-harness.js'
import { claims, forged, placeOf, liarTime as time, withLiar } from './liar.js'
import type { RepairFixture } from './repair-fixture.js'

const digest = new Uint8Array(16).fill(1)

/** Whatever an owner answers, the pass ends and says that it may differ still. */
const lies: Readonly<Record<string, (fixture: RepairFixture) => Handlers>> = {
  'too few roots': () => ({ fetchRoots: () => ({ head: { time, digests: Buffer.alloc(16) } }) }),
  'too many leaves': () => ({ fetchLeaves: () => ({ head: { time, digests: Buffer.alloc(16 * 63) } }) }),
  'keys of other leaves': () => ({
    fetchLeafKeys: ({ head }) => ({
      head: {
        time,
        keys: ['a', 'b']
          .filter(key => placeOf(key).leaf !== head.leaf)
          .map(key => ({ bucketId, key, digest })),
      },
    }),
  }),
  'pages without end': fixture => ({
    async *fetchLeafKeys() {
      for (;;) {
        yield { head: { time, keys: [] } }
        await new Promise<void>(resolve => fixture.time.after(5_000, resolve))
      }
    },
  }),
  'no answer': () => ({ fetchRoots: () => new Promise(() => undefined) }),
  'an error of its own': () => ({
    fetchRoots: () => {
      throw new TorcError('DISK_FULL', 'its disk is full, not this one')
    },
  }),
  'a state without a context': () => ({
    ...claims('a', digest),
    fetchKey: () => ({ head: { time, digest } }),
  }),
  'a state of rubbish': () => ({
    ...claims('a', digest),
    fetchKey: () => ({ head: { time, digest, context: Buffer.from('rubbish'), heads: [Buffer.from('x')] } }),
  }),
  'a body with another hash': () => {
    const { record, context, digest } = forged('what was written')
    return {
      ...claims('a', digest),
      fetchKey: () => ({ head: { time, digest, context, heads: [record] } }),
      fetchBody: () => ({ head: { time }, body: Buffer.from('what is given   ') }),
    }
  },
  'a block with another hash': () => {
    const hash = systemHasher.sha256(Buffer.from('a block'))
    return {
      fetchLeafBlocks: ({ head }) => {
        const isPlace = head.partition === (hash[0] ?? 0) >> 4 && head.leaf === leafOfBlock(hash)
        const reference = { hash, size: 7, bucketId, key: 'a', opId: new Uint8Array(16).fill(3) }
        return { head: { time, references: isPlace ? [reference] : [] } }
      },
      fetchBlock: () => ({ head: { time, size: 7 }, body: Buffer.from('a blick') }),
    }
  },
}

/** Lies about one key or block, which keep no other from being repaired. */
const ofOneKey = [
  ...['a state without a context', 'a state of rubbish'],
  ...['a body with another hash', 'a block with another hash'],
]

/** The six bits after the four of the partition. */
function leafOfBlock(hash: Uint8Array): number {
  return ((((hash[0] ?? 0) << 8) | (hash[1] ?? 0)) >> 6) & 63
}

for (const [what, handlers] of Object.entries(lies)) {
  t.test(`an owner that gives ${what} is not believed, and keeps nobody waiting`, async t => {
    const fixture = await withLiar(t, handlers)
    await fixture.write([0], 'own', 'x')
    const before = await fixture.stateOf(0, 'own')
    const [state] = await fixture.pass(0)
    t.match(state, {
      running: false,
      keysRepaired: 0,
      blocksRepaired: 0,
      partitions: 16,
      partitionsTotal: 16,
    })
    t.equal(state?.unreachable, ofOneKey.includes(what) ? 1 : 16, 'partitions that may differ')
    t.equal(await fixture.stateOf(0, 'own'), before)
    t.notMatch(await fixture.stateOf(0, 'a'), /record/)
  })
}

t.test('digests that differ over nothing are looked at once a pass, and cost no repair', async t => {
  const fixture = await withLiar(t, () => ({}))
  const [state] = await fixture.pass(0)
  t.match(state, { running: false, different: 0, unreachable: 0, partitions: 16 })
})

t.test('what an owner says rightly is taken over, lies or not', async t => {
  const { record, context, digest } = forged('as it was written')
  const fixture = await withLiar(t, () => ({
    ...claims('a', digest),
    fetchKey: () => ({ head: { time, digest, context, heads: [record] } }),
    fetchBody: () => ({ head: { time }, body: Buffer.from('as it was written') }),
  }))
  const [state] = await fixture.pass(0)
  t.match(state, { unreachable: 0 })
  t.match(await fixture.stateOf(0, 'a'), Buffer.from('as it was written').toString('hex'))
})
