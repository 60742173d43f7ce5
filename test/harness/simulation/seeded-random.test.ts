import t from 'tap'
import { SeededRandom } from './seeded-random.js'

t.test('a seed determines everything', async t => {
  const draw = (random: SeededRandom) => [
    random.next(),
    random.fraction(),
    Buffer.from(random.bytes(7)).toString('hex'),
  ]
  t.same(draw(new SeededRandom(7)), draw(new SeededRandom('7')))
  t.notSame(draw(new SeededRandom(7)), draw(new SeededRandom(8)))
  const parent = new SeededRandom(7)
  parent.next()
  t.same(
    draw(parent.fork('a')),
    draw(new SeededRandom(7).fork('a')),
    'a fork does not depend on earlier draws',
  )
  t.notSame(draw(parent.fork('a')), draw(parent.fork('b')))
})

t.test('draws lie in their bounds and cover them', async t => {
  const random = new SeededRandom('bounds')
  const seen = new Set<number>()
  for (let draw = 0; draw < 1000; draw++) {
    const fraction = random.fraction()
    if (fraction < 0 || fraction >= 1) t.fail(`fraction ${fraction}`)
    seen.add(random.integer(3, 6))
  }
  t.same([...seen].sort(), [3, 4, 5, 6])
  t.equal(random.bytes(5).length, 5)
  t.equal(random.pick(['only']), 'only')
  t.equal(random.chance(0), false)
  t.equal(random.chance(1), true)
})
