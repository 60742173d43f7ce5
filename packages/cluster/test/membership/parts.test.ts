import t from 'tap'
import { Dissemination, timesToTell } from '../../src/membership/dissemination.js'
import { LocalHealth } from '../../src/membership/local-health.js'
import { OwnTime } from '../../src/membership/own-time.js'
import { membershipParameters as p } from '../../src/membership/parameters.js'
import { ProbeOrder, shuffled } from '../../src/membership/probe-order.js'
import { suspicionMs } from '../../src/membership/suspicion.js'
import { seededRandom } from '../support/seeded-random.js'

t.test('suspicion begins long and shrinks with each confirmation (Lifeguard)', async t => {
  t.equal(suspicionMs(10, 1, p), 12_000)
  const one = suspicionMs(10, 2, p)
  t.ok(one > 4_000 && one < 8_000, `${one}`)
  t.equal(suspicionMs(10, 3, p), 4_000)
  t.equal(suspicionMs(10, 8, p), 4_000)
  t.equal(suspicionMs(2, 1, p), 4_000, 'nobody is there to confirm')
  t.equal(suspicionMs(3, 1, p), 12_000)
  t.equal(suspicionMs(3, 2, p), 4_000, 'the only other one has confirmed')
  t.equal(suspicionMs(100, 3, p), 8_000, 'grows with the logarithm of the members')
})

t.test('news is told a bounded number of times, the least told first', async t => {
  t.equal(timesToTell(4, 5), 4)
  t.equal(timesToTell(4, 10), 8)
  t.equal(timesToTell(4, 99), 8)
  const news = new Dissemination()
  const told: string[] = []
  const tell = (room: number): void => {
    let left = room
    news.take(3, id => {
      if (left-- <= 0) return false
      told.push(id)
      return true
    })
  }
  news.add('a')
  tell(9)
  news.add('b')
  tell(1)
  t.strictSame(told, ['a', 'b'])
  for (let n = 0; n < 9; n++) tell(9)
  t.strictSame([told.filter(id => id === 'a').length, told.filter(id => id === 'b').length], [3, 3])
  t.equal(news.size, 0)
  news.add('a')
  news.forget('a')
  t.equal(news.size, 0)
})

t.test('time that the process missed is lost, small delays are not', async t => {
  const time = new OwnTime(1_000, 200)
  t.equal(time.look(1_100), 0)
  t.equal(time.look(1_300), 0)
  t.equal(time.nowMs, 1_300)
  t.equal(time.look(6_300), 4_800)
  t.equal(time.nowMs, 1_500)
  t.equal(time.look(6_400), 0)
  t.equal(time.nowMs, 1_600)
})

t.test('local health is bounded', async t => {
  const health = new LocalHealth(8)
  for (let n = 0; n < 20; n++) health.worse()
  t.equal(health.stretched(1_000), 9_000)
  for (let n = 0; n < 20; n++) health.better()
  t.equal(health.stretched(1_000), 1_000)
})

t.test('everyone has a turn in each round, newcomers in the one under way', async t => {
  const order = new ProbeOrder(seededRandom(3))
  const all = ['a', 'b', 'c', 'd', 'e']
  t.equal(order.next([]), undefined)
  for (let round = 0; round < 5; round++)
    t.strictSame(all.map(() => order.next(all)).sort(), all, 'a permutation')
  order.next(all)
  order.add('f')
  order.add('f')
  const rest = Array.from({ length: 5 }, () => order.next([...all, 'f']))
  t.equal(rest.filter(id => id === 'f').length, 1)
  t.strictSame(shuffled(all, seededRandom(1)).sort(), all)
})
