import type { Member } from '@torc/cluster/membership/member-table'
import { silentLog } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import { type Address, formatAddress } from '@torc/protocol/transport/transport'
import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { migrateIndex } from '../../src/index/schema.js'
import { GossipLoop } from '../../src/membership/gossip-loop.js'
import { Membership } from '../../src/membership/membership.js'
import { ManualClock } from '../support/manual-clock.js'
import { seededRandom } from '../support/seeded-random.js'

const member = (number: number): Member => ({
  id: `agent-${number}`,
  name: 'agent',
  role: 'agent',
  address: `127.0.0.1:${7410 + number}`,
  zone: '',
  capacity: 1,
  state: 'alive',
  incarnation: 1,
})

interface Said {
  readonly to: string
  readonly members: readonly Member[]
}

/** A loop whose peers answer from a script: members by address, or nothing for one that is not reached. */
function loop(options: { join?: Address[]; peers: Record<string, { members: Member[]; epoch?: number }> }) {
  const disk = new MemoryDisk()
  const database = disk.openDatabase('x')
  migrateIndex(database, 'memory')
  const clock = new ManualClock()
  const membership = new Membership(database, clock, silentLog)
  const { incarnation: _, ...self } = member(0)
  membership.begin(self)
  const said: Said[] = []
  const newer: string[] = []
  const reach = async (address: Address): Promise<Exchange> => {
    const to = formatAddress(address)
    const peer = options.peers[to]
    if (peer === undefined) throw new TorcError('UNREACHABLE', to)
    const id = peer.members[0]?.id ?? ''
    const request = async (_name: string, head: { members: Member[] }) => {
      said.push({ to, members: head.members })
      return { head: { members: peer.members, epoch: peer.epoch ?? 0 }, body: undefined }
    }
    return { peer: { id }, request } as unknown as Exchange
  }
  const gossip = new GossipLoop({
    membership,
    peers: { reach },
    join: options.join ?? [],
    clock,
    random: seededRandom(1),
    log: silentLog,
    epoch: () => 1,
    onNewerEpoch: async exchange => void newer.push(exchange.peer.id),
  })
  const round = async (): Promise<void> => {
    clock.advance(1_200)
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }
  const known = (): Record<string, string> =>
    Object.fromEntries(membership.members().map(({ id, state }) => [id, state]))
  return { gossip, round, said, known, newer, membership }
}

t.test('one address suffices to find everybody', async t => {
  const everybody = [member(1), member(2), member(3)]
  const { gossip, round, said, known } = loop({
    join: [{ host: '127.0.0.1', port: 7411 }],
    peers: Object.fromEntries(everybody.map(one => [one.address, { members: [one, ...everybody] }])),
  })
  gossip.start()
  await round()
  t.same(known(), { 'agent-0': 'alive', 'agent-1': 'alive', 'agent-2': 'alive', 'agent-3': 'alive' })
  await round()
  await round()
  t.same(
    [...new Set(said.map(({ to }) => to))].sort(),
    everybody.map(one => one.address),
  )
  gossip.stop()
})

t.test('nobody there: it asks again until somebody is', async t => {
  const peers: Record<string, { members: Member[] }> = {}
  const { gossip, round, known } = loop({ join: [{ host: '127.0.0.1', port: 7411 }], peers })
  gossip.start()
  await round()
  await round()
  t.same(known(), { 'agent-0': 'alive' })
  peers['127.0.0.1:7411'] = { members: [member(1)] }
  await round()
  t.same(known(), { 'agent-0': 'alive', 'agent-1': 'alive' })
  gossip.stop()
})

t.test('who does not answer is suspected, then down, and asked all the same', async t => {
  const peers: Record<string, { members: Member[] }> = { '127.0.0.1:7411': { members: [member(1)] } }
  const { gossip, round, known } = loop({ join: [{ host: '127.0.0.1', port: 7411 }], peers })
  gossip.start()
  await round()
  delete peers['127.0.0.1:7411']
  await round()
  await round()
  t.same(known(), { 'agent-0': 'alive', 'agent-1': 'suspect' })
  for (let i = 0; i < 6; i++) await round()
  t.same(known(), { 'agent-0': 'alive', 'agent-1': 'down' })
  peers['127.0.0.1:7411'] = { members: [{ ...member(1), incarnation: 2 }] }
  await round()
  t.same(known(), { 'agent-0': 'alive', 'agent-1': 'alive' })
  gossip.stop()
})

t.test('a newer layout is fetched from who has it', async t => {
  const { gossip, round, newer } = loop({
    join: [
      { host: '127.0.0.1', port: 7411 },
      { host: '127.0.0.1', port: 7412 },
    ],
    peers: {
      '127.0.0.1:7411': { members: [member(1)], epoch: 2 },
      '127.0.0.1:7412': { members: [member(2)], epoch: 1 },
    },
  })
  gossip.start()
  await round()
  t.same([...new Set(newer)], ['agent-1'])
  gossip.stop()
})

t.test('stopped, it says farewell and nothing more', async t => {
  const { gossip, round, said } = loop({
    join: [{ host: '127.0.0.1', port: 7411 }],
    peers: { '127.0.0.1:7411': { members: [member(1)] } },
  })
  gossip.start()
  await round()
  gossip.stop()
  await gossip.farewell()
  t.match(
    said.at(-1)?.members.find(one => one.id === 'agent-0'),
    { state: 'left' },
  )
  const count = said.length
  await round()
  await round()
  t.equal(said.length, count)
})
