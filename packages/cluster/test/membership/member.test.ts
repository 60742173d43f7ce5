import { limits } from '@torc/protocol/limits'
import fc from 'fast-check'
import t from 'tap'
import { inState, type Member, mergeMembers } from '../../src/membership/member.js'
import { runs } from '../support/runs.js'
import { member } from './members.js'

const suspecters = fc.uniqueArray(fc.constantFrom('p', 'q', 'r', 's'), { maxLength: 3 })

/** What is said of one member; what it says of itself is the same wherever its revision is the same. */
const words = fc
  .record({
    incarnation: fc.integer({ min: 1, max: 3 }),
    state: fc.constantFrom('alive' as const, 'suspect' as const, 'down' as const, 'left' as const),
    revision: fc.nat(3),
    suspectedBy: suspecters,
  })
  .map(({ incarnation, state, revision, suspectedBy }): Member => {
    const base = member('a', { incarnation })
    const said = revision === 0 ? base : { ...base, revision, hints: new Uint8Array([revision]) }
    return inState(said, state, state === 'suspect' ? suspectedBy.sort() : [])
  })

t.test('what is said in any order and any number of times ends the same', async () => {
  fc.assert(
    fc.property(
      fc.array(words, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(7), { maxLength: 12 }),
      (all, extra) => {
        const join = (list: readonly Member[]): Member => list.reduce(mergeMembers)
        const one = join(all)
        const repeated = [...extra.flatMap(n => all[n] ?? []), ...all.toReversed(), ...all]
        if (JSON.stringify(sorted(join(repeated))) !== JSON.stringify(sorted(one))) throw new Error('differs')
        if (mergeMembers(one, one) !== one) throw new Error('a repetition is no news')
      },
    ),
    runs(2_000),
  )
})

function sorted(one: Member): object {
  return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
}

t.test('a higher incarnation wins; with equal ones the worse state', async t => {
  const known = member('a', { incarnation: 3 })
  t.equal(mergeMembers(known, member('a', { incarnation: 2, state: 'down' })), known)
  const suspect = mergeMembers(known, member('a', { incarnation: 3, state: 'suspect', suspectedBy: ['b'] }))
  t.match(suspect, { state: 'suspect', suspectedBy: ['b'] })
  t.equal(mergeMembers(suspect, known), suspect, 'only the member itself takes it back')
  t.match(mergeMembers(suspect, member('a', { incarnation: 4, address: 'moved:2' })), {
    state: 'alive',
    incarnation: 4,
    address: 'moved:2',
  })
})

t.test('what a member says of itself goes by its revision, whoever wins on the state', async t => {
  const known = member('a', { state: 'suspect', suspectedBy: ['b'], revision: 1, hints: new Uint8Array([1]) })
  const merged = mergeMembers(known, member('a', { revision: 2, restored: true }))
  t.same(merged, member('a', { state: 'suspect', suspectedBy: ['b'], revision: 2, restored: true }))
  t.equal(mergeMembers(merged, member('a', { revision: 1, hints: new Uint8Array([1]) })), merged)
})

t.test('those who suspect are joined, up to a bound', async t => {
  const of = (...by: string[]): Member => member('a', { state: 'suspect', suspectedBy: by })
  t.strictSame(mergeMembers(of('c'), of('b', 'c')).suspectedBy, ['b', 'c'])
  const many = Array.from({ length: 20 }, (_, n) => of(`n${String(n).padStart(2, '0')}`)).reduce(mergeMembers)
  t.equal(many.suspectedBy?.length, limits.suspectedByMax)
  t.equal(mergeMembers(many, member('a', { state: 'down' })).suspectedBy, undefined)
})
