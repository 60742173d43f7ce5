import { limits } from '@torc/protocol/limits'
import fc from 'fast-check'
import t from 'tap'
import { type Member, type MembershipEvent, MemberTable } from '../../src/membership/member-table.js'
import { runs } from '../support/runs.js'

function member(id: string, overrides: Partial<Member> = {}): Member {
  return {
    id,
    name: id,
    role: 'agent',
    address: `${id}:1`,
    zone: '',
    capacity: 0,
    incarnation: 1,
    state: 'alive',
    ...overrides,
  }
}

function stateOf(table: MemberTable, id: string): string {
  const known = table.get(id)
  return known === undefined ? 'unknown' : `${known.state} ${known.incarnation}`
}

function gossip(...members: Member[]): MembershipEvent {
  return { kind: 'gossip', members }
}

const options = { failuresUntilSuspect: 2, suspicionMs: 1_000, forgetMs: 10_000 }

t.test('learns of members, tells of changes once, knows itself', async t => {
  const table = new MemberTable(member('me'), 0, options)
  const heard = member('a')
  t.same(table.step(gossip(heard), 0), [{ kind: 'changed', member: heard, previous: undefined }])
  t.same(table.step(gossip(heard, member('me')), 0), [])
  t.same(
    table.members().map(m => m.id),
    ['a', 'me'],
  )
  t.equal(table.self.id, 'me')
})

t.test('a higher incarnation wins; with equal ones the worse state', async t => {
  const table = new MemberTable(member('me'), 0, options)
  table.step(gossip(member('a', { incarnation: 3 })), 0)
  table.step(gossip(member('a', { incarnation: 2, state: 'down' })), 0)
  t.equal(stateOf(table, 'a'), 'alive 3')
  table.step(gossip(member('a', { incarnation: 3, state: 'suspect' })), 0)
  t.equal(stateOf(table, 'a'), 'suspect 3')
  table.step(gossip(member('a', { incarnation: 3 })), 0)
  t.equal(stateOf(table, 'a'), 'suspect 3')
  table.step(gossip(member('a', { incarnation: 4, address: 'moved:2' })), 0)
  t.equal(stateOf(table, 'a'), 'alive 4')
  t.equal(table.get('a')?.address, 'moved:2')
})

t.test(
  'memberlist #311: a node that came back with a low incarnation refutes what is said of it',
  async t => {
    const table = new MemberTable(member('me'), 0, options)
    const actions = table.step(gossip(member('me', { incarnation: 7, state: 'down' })), 0)
    t.equal(stateOf(table, 'me'), 'alive 8')
    t.same(actions[0], { kind: 'incarnation', incarnation: 8 }, 'stored before it is told')
    t.equal(table.self.incarnation, 8)
    t.same(
      table.step(gossip(member('me', { incarnation: 7, state: 'down' })), 0),
      [],
      'what is old is not answered',
    )
    table.step(gossip(member('me', { incarnation: 8, state: 'suspect' })), 0)
    t.equal(stateOf(table, 'me'), 'alive 9')
  },
)

t.test('failures in a row make a suspect, time makes it down, itself alone makes it alive', async t => {
  const table = new MemberTable(member('me'), 0, options)
  table.step(gossip(member('a')), 0)
  table.step({ kind: 'failed', id: 'a' }, 10)
  table.step({ kind: 'reached', id: 'a' }, 20)
  t.same(table.step({ kind: 'failed', id: 'a' }, 30), [])
  table.step({ kind: 'failed', id: 'a' }, 40)
  t.equal(stateOf(table, 'a'), 'suspect 1')
  table.step({ kind: 'tick' }, 1_039)
  t.equal(stateOf(table, 'a'), 'suspect 1')
  table.step({ kind: 'tick' }, 1_040)
  t.equal(stateOf(table, 'a'), 'down 1')
  table.step({ kind: 'reached', id: 'a' }, 1_050)
  t.equal(stateOf(table, 'a'), 'down 1')
  table.step(gossip(member('a', { incarnation: 2 })), 1_060)
  t.equal(stateOf(table, 'a'), 'alive 2')
  t.same(table.step({ kind: 'failed', id: 'a' }, 1_070), [], 'it begins with a clean record')
  t.same(table.step({ kind: 'failed', id: 'stranger' }, 0), [])
  t.same(table.step({ kind: 'reached', id: 'stranger' }, 0), [])
  table.step({ kind: 'failed', id: 'me' }, 0)
  table.step({ kind: 'failed', id: 'me' }, 0)
  t.equal(stateOf(table, 'me'), 'alive 1')
})

t.test('leaving is told, and is not refuted', async t => {
  const table = new MemberTable(member('me'), 0, options)
  table.step({ kind: 'leave' }, 0)
  t.equal(stateOf(table, 'me'), 'left 1')
  t.same(table.step(gossip(member('me', { state: 'left' }), member('me', { state: 'down' })), 0), [])
  table.step({ kind: 'tick' }, 1_000_000)
  t.equal(stateOf(table, 'me'), 'left 1')
})

t.test('servers that are gone are forgotten and not learned again; agents stay', async t => {
  const table = new MemberTable(member('me'), 0, options)
  const server = member('s', { role: 'server' })
  table.step(gossip(server, member('a')), 0)
  const gone = [member('s', { role: 'server', state: 'left' }), member('a', { state: 'down' })]
  table.step(gossip(...gone), 100)
  t.same(table.step({ kind: 'tick' }, 10_099), [])
  t.same(table.step({ kind: 'tick' }, 10_100), [{ kind: 'changed', member: undefined, previous: gone[0] }])
  table.step(gossip(...gone), 10_200)
  t.equal(stateOf(table, 's'), 'unknown')
  t.equal(stateOf(table, 'a'), 'down 1')
  const newcomer = new MemberTable(member('n'), 0, options)
  newcomer.step(gossip(...gone), 0)
  t.same(
    newcomer.members().map(m => m.id),
    ['a', 'n'],
  )
})

t.test('a peer cannot make the table grow without bound', async t => {
  const table = new MemberTable(member('me'), 0)
  table.step(gossip(...Array.from({ length: limits.membersMax + 100 }, (_, n) => member(`n${n}`))), 0)
  t.equal(table.members().length, limits.membersMax)
})

t.test('what is said in any order and any number of times ends the same', async () => {
  const rumours = fc.array(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      incarnation: fc.nat(3),
      state: fc.constantFrom('alive' as const, 'suspect' as const, 'down' as const, 'left' as const),
    }),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(rumours, fc.array(fc.nat(11), { maxLength: 20 }), (all, extra) => {
      const told = all.map(({ id, incarnation, state }) => member(id, { incarnation, state }))
      const one = new MemberTable(member('me'), 0)
      for (const rumour of told) one.step(gossip(rumour), 0)
      const other = new MemberTable(member('me'), 0)
      for (const n of extra) {
        const rumour = told[n]
        if (rumour !== undefined) other.step(gossip(rumour), 0)
      }
      other.step(gossip(...told.reverse()), 0)
      if (JSON.stringify(one.members()) !== JSON.stringify(other.members())) throw new Error('differs')
    }),
    runs(1_000),
  )
})
