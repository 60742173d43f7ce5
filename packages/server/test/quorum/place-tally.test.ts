import t from 'tap'
import { PlaceTally } from '../../src/quorum/place-tally.js'

const owner = (agent: string) => ({ agent, standsFor: [] })
const standIn = (agent: string, ...standsFor: string[]) => ({ agent, standsFor })

const of = (needed: number) => [{ owners: ['a', 'b', 'c'], needed }]

t.test('an owner and who stands for it fill one place', async t => {
  const tally = new PlaceTally(of(2))
  for (const target of [owner('a'), owner('b'), standIn('d', 'a')]) tally.ask(target)
  tally.ack(owner('a'))
  tally.ack(standIn('d', 'a'))
  t.equal(tally.verdict, 'open', 'once the hint is delivered only one has it')
  tally.ack(owner('b'))
  t.equal(tally.verdict, 'reached')
  t.strictSame(tally.acknowledged, ['a', 'd', 'b'])
})

t.test('who stands for several fills one place', async t => {
  const tally = new PlaceTally(of(2))
  for (const target of [owner('a'), standIn('d', 'b', 'c')]) tally.ask(target)
  tally.ack(standIn('d', 'b', 'c'))
  t.equal(tally.verdict, 'open')
  tally.ack(owner('a'))
  t.equal(tally.verdict, 'reached')
})

t.test('a place is lost when nobody is left for it', async t => {
  const tally = new PlaceTally(of(2))
  for (const target of [owner('a'), owner('b')]) tally.ask(target)
  tally.ask(standIn('d', 'a'))
  tally.fail(owner('a'))
  t.equal(tally.verdict, 'open', 'its stand-in may still answer')
  tally.fail(standIn('d', 'a'))
  t.equal(tally.verdict, 'missed')
  tally.ack(owner('b'))
  t.equal(tally.verdict, 'missed', 'decided is decided')
  t.strictSame(tally.failed, ['a', 'd'])
})

t.test('places that are filled before count', async t => {
  t.equal(new PlaceTally(of(1), [owner('a')]).verdict, 'reached')
  const tally = new PlaceTally(of(2), [standIn('d', 'a')])
  tally.ask(owner('a'))
  tally.judge()
  t.equal(tally.verdict, 'missed', 'the owner adds nothing to its own stand-in')
})

t.test('while owners change each layout has its quorum', async t => {
  const quorums = [
    { owners: ['a', 'b', 'c'], needed: 2 },
    { owners: ['b', 'c', 'x'], needed: 2 },
  ]
  const tally = new PlaceTally(quorums)
  for (const agent of ['a', 'b', 'c']) tally.ask(owner(agent))
  const both = standIn('d', 'a', 'x')
  tally.ask(both)
  tally.ack(owner('a'))
  tally.ack(owner('b'))
  t.equal(tally.verdict, 'open', 'one of the new owners has it')
  tally.ack(both)
  t.equal(tally.verdict, 'reached', 'it stands for one of each')
  const other = new PlaceTally(quorums, [owner('a'), owner('x')])
  other.ask(owner('b'))
  other.fail(owner('b'))
  t.equal(other.verdict, 'missed')
})
