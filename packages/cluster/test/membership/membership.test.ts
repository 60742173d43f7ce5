import { silentLog } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange, IncomingRequest } from '@torc/protocol/exchange/exchange'
import t from 'tap'
import { Membership } from '../../src/membership/membership.js'
import type { Contact } from '../../src/membership/membership-options.js'
import { seededRandom } from '../support/seeded-random.js'
import { member } from './members.js'

interface Sent {
  readonly to: string
  readonly name: string
  readonly head: Record<string, unknown>
}

const settle = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await Promise.resolve()
}

/** A service whose peers answer from a script; its clock is moved by hand. */
function setUp(answer: (sent: Sent) => object, join = ['a:1']) {
  let nowMs = 0
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>()
  const sent: Sent[] = []
  const warnings: string[] = []
  const stored: number[] = []
  const epochs: number[] = []
  let refusal: TorcError | undefined
  const reach = async ({ address }: Contact): Promise<Exchange> => {
    const request = async (name: string, head: Record<string, unknown>) => {
      const message = { to: address.host, name, head }
      sent.push(message)
      return { head: answer(message) }
    }
    const peer = { role: 'agent', id: address.host, address: `${address.host}:1` }
    return { peer, open: true, request } as unknown as Exchange
  }
  const membership = new Membership({
    join: join.map(text => ({ host: text.slice(0, -2), port: 1 })),
    clock: {
      nowMs: () => nowMs,
      monotonicMs: () => nowMs,
      after(ms, callback) {
        const timer = { atMs: nowMs + ms, callback }
        timers.add(timer)
        return () => void timers.delete(timer)
      },
      soon: callback => callback(),
    },
    random: seededRandom(1),
    log: { ...silentLog, warn: (_, message) => void warnings.push(message) },
    reach,
    epoch: () => 4,
    onOtherEpoch: (_, epoch) => void epochs.push(epoch),
    onRefused: error => {
      refusal = error
    },
    storeIncarnation: incarnation => void stored.push(incarnation),
  })
  const advance = async (ms: number): Promise<void> => {
    for (const endMs = nowMs + ms; nowMs < endMs; ) {
      nowMs += 50
      for (const timer of [...timers]) {
        if (timer.atMs > nowMs || !timers.delete(timer)) continue
        timer.callback()
      }
      await settle()
    }
  }
  const { state: _, ...self } = member('me', { incarnation: 3 })
  const begin = () => membership.begin(self)
  return { membership, sent, warnings, stored, epochs, advance, begin, refusal: () => refusal }
}

const asGossip = (head: object) =>
  ({ head, peer: { id: 'a', address: 'a:1' } }) as unknown as IncomingRequest<'gossip'>

t.test(
  'before it begins it knows nobody and answers nobody; what it was told to say is said then',
  async t => {
    const { membership, begin } = setUp(() => ({}), [])
    t.strictSame(membership.members(), [])
    t.equal(membership.selfId, undefined)
    t.equal(membership.isDown('a'), false)
    membership.lost('a')
    const gossip = membership.handlers.gossip
    await t.rejects(async () => gossip?.(asGossip({ members: [], epoch: 0 })), { code: 'UNAVAILABLE' })
    membership.describe({ restored: true })
    begin()
    t.match(membership.get('me'), { restored: true, revision: 1 })
  },
)

t.test('announces itself to the first node, tells listeners, learns of layouts', async t => {
  const known = [member('a'), member('b')]
  const { membership, sent, epochs, begin, advance } = setUp(({ name }) =>
    name === 'gossip' ? { members: known, epoch: 5 } : { changes: [], epoch: 4 },
  )
  begin()
  const heard: (string | undefined)[] = []
  const stop = membership.subscribe(({ member: one }) => void heard.push(one?.id))
  await membership.start()
  t.match(sent, [{ to: 'a', name: 'gossip', head: { joining: true, epoch: 4 } }])
  t.strictSame(heard, ['a', 'b'])
  t.strictSame(epochs, [5])
  stop()
  await advance(65_000)
  t.strictSame(heard, ['a', 'b'])
  const later = sent.slice(1)
  t.ok(later.some(({ name }) => name === 'probe') && later.some(({ name }) => name === 'gossip'))
  t.notOk(
    later.some(({ head }) => head['joining'] === true),
    'once',
  )
  await membership.leave()
  t.match(sent.at(-1), { name: 'probe', head: { changes: [{ id: 'me', state: 'left' }] } })
  const count = sent.length
  await membership.leave()
  await advance(5_000)
  t.equal(sent.length, count, 'nothing more is sent')
})

t.test('a refutation is stored before it is sent', async t => {
  const { membership, stored, begin } = setUp(() => ({ members: [], epoch: 4 }))
  begin()
  const { gossip } = membership.handlers
  const members = [member('me', { incarnation: 3, state: 'down' }), member('a')]
  const reply = (await gossip?.(asGossip({ members, epoch: 4 }))) as { head: { members: object[] } }
  t.strictSame(stored, [4])
  t.match(reply.head.members[0], { id: 'me', incarnation: 4, state: 'alive' })
})

t.test('where it does not belong it says so once, and does not ask again for a while', async t => {
  const { membership, sent, warnings, begin, advance } = setUp(() => {
    throw new TorcError('DENIED', 'the peer does not know the secret')
  })
  begin()
  await membership.start()
  await advance(20_000)
  t.match(warnings, [/a:1.*does not know the secret/])
  t.equal(sent.length, 1)
  await advance(20_000)
  t.equal(sent.length, 2)
  t.equal(warnings.length, 1)
})

t.test('refused as a duplicate it stops and says no good-bye', async t => {
  const { membership, sent, refusal, begin, advance } = setUp(() => {
    throw new TorcError('CONFLICT', 'me runs already, at x:1')
  })
  begin()
  await membership.start()
  t.match(refusal(), { code: 'CONFLICT' })
  await advance(10_000)
  await membership.leave()
  t.equal(sent.length, 1)
})

t.test('an error is an answer; silence and a broken road are not', async t => {
  for (const [code, state] of [
    ['UNSUPPORTED', 'alive'],
    ['OVERLOADED', 'alive'],
    ['UNREACHABLE', 'down'],
  ] as const) {
    const { membership, begin, advance } = setUp(({ name }) => {
      if (name === 'gossip' && membership.get('a') === undefined) return { members: [member('a')], epoch: 4 }
      throw new TorcError(code, 'no')
    })
    begin()
    await membership.start()
    await advance(20_000)
    t.equal(membership.get('a')?.state, state, code)
  }
})

t.test('probes a third node for another, known or not', async t => {
  const { membership, begin, advance } = setUp(({ to }) => {
    if (to === 'b') throw new TorcError('UNREACHABLE', 'no')
    return { changes: [], epoch: 4 }
  }, [])
  begin()
  const { probeFor } = membership.handlers
  const ask = async (id: string, address: string): Promise<unknown> => {
    const request = { head: { id, address, patienceMs: 400 }, peer: { id: 'a' } }
    const reply = probeFor?.(request as unknown as IncomingRequest<'probeFor'>)
    await advance(500)
    return await reply
  }
  t.same(await ask('c', 'c:1'), { head: { answered: true } })
  t.same(await ask('b', 'b:1'), { head: { answered: false } })
  t.same(await ask('c', 'd:1'), { head: { answered: false } }, 'another one is there')
  t.same(await ask('c', 'nowhere'), { head: { answered: false } })
})
