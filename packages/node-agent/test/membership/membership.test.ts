import type { Member } from '@torc/cluster/membership/member-table'
import { silentLog } from '@torc/protocol/environment/log'
import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { migrateIndex } from '../../src/index/schema.js'
import { Membership } from '../../src/membership/membership.js'
import { ManualClock } from '../support/manual-clock.js'

const self = {
  id: 'agent-1',
  name: 'agent',
  role: 'agent',
  address: '127.0.0.1:7410',
  zone: '',
  capacity: 1,
  state: 'alive',
} as const
const other: Member = { ...self, id: 'agent-2', address: '127.0.0.1:7411', incarnation: 4 }

/** The membership of an agent's next life on the disk. */
function begun(disk: MemoryDisk, clock = new ManualClock()) {
  const database = disk.openDatabase('index.sqlite')
  migrateIndex(database, 'memory')
  const messages: object[] = []
  const log = { ...silentLog, info: (facts: object) => void messages.push(facts) }
  const membership = new Membership(database, clock, log)
  membership.begin(self)
  const own = (): Member | undefined => membership.members().find(member => member.id === self.id)
  return { membership, own, clock, messages }
}

t.test('each life has a higher incarnation', async t => {
  const disk = new MemoryDisk()
  for (const expected of [1, 2, 3]) {
    const { own } = begun(disk)
    t.match(own(), { ...self, incarnation: expected })
    disk.crash()
  }
})

t.test('what is said of this node is refuted, on the disk first', async t => {
  const disk = new MemoryDisk()
  const { membership, own } = begun(disk)
  membership.hear([{ ...self, incarnation: 7, state: 'down' }])
  t.match(own(), { incarnation: 8, state: 'alive' })
  disk.crash()
  t.match(begun(disk).own(), { incarnation: 9 })
})

t.test('members come, fail, come back and leave', async t => {
  const { membership, clock, messages } = begun(new MemoryDisk())
  const state = (): string | undefined => membership.members().find(member => member.id === other.id)?.state
  membership.hear([other])
  t.equal(state(), 'alive')
  membership.failed(other.id)
  membership.reached(other.id)
  membership.failed(other.id)
  t.equal(state(), 'alive', 'one failure is none')
  membership.failed(other.id)
  t.equal(state(), 'suspect')
  clock.advance(6000)
  membership.tick()
  t.equal(state(), 'down')
  membership.hear([{ ...other, incarnation: 5 }])
  t.equal(state(), 'alive')
  t.match(messages.at(-1), { id: other.id, state: 'alive' })
  membership.leave()
  t.equal(membership.members().find(member => member.id === self.id)?.state, 'left')
})

t.test('a full disk does not keep a node from coming up', async t => {
  const disk = new MemoryDisk()
  begun(disk)
  disk.crash()
  disk.setFreeBytes(0)
  t.match(begun(disk).own(), { state: 'alive' })
})

t.test('before it begins it knows nobody', async t => {
  const database = new MemoryDisk().openDatabase('x')
  migrateIndex(database, 'memory')
  const membership = new Membership(database, new ManualClock(), silentLog)
  membership.hear([other])
  t.same(membership.members(), [])
  t.equal(membership.selfId, undefined)
})
