import t from 'tap'
import { inParallel } from '../../src/repair/in-parallel.js'
import { Look } from '../../src/repair/look.js'
import { freshProgress, sharedPartitions } from '../../src/repair/pass-progress.js'

t.test('a look takes no more than fits', async t => {
  const many = new Look<string>()
  t.ok(many.isEmpty)
  const leaf = many.leaf('keys', 1, 2)
  many.leaf('keys', 1, 3)
  for (let n = 0; n < 20_000; n++) leaf.add(`key ${n % 17_000}`)
  t.ok(many.isFull)
  t.match(many.leaves(), { length: 1 }, 'leaves in which nothing differs are left out')
  t.equal(many.leaves()[0]?.names.size, 16_384)
  const long = new Look<string>()
  for (let n = 0; n < 5_000; n++) long.leaf('keys', 0, 0).add(`${n}${'x'.repeat(1_000)}`)
  t.ok(long.isFull)
  t.ok(long.leaves().length < 4_300)
})

t.test('what owners share, and from which rank on', async t => {
  const rows = [['a', 'b', 'c'], ['b', 'c'], ['c', 'a'], ['a']]
  t.same(sharedPartitions('a', rows), [
    ['b', [0]],
    ['c', [0, 2]],
  ])
  t.same(sharedPartitions('d', rows), [])
  t.match(freshProgress(7), { partitions: 0, partitionsTotal: 7 })
})

t.test('a failure ends the work in parallel, after what is under way', async t => {
  let [running, most, done] = [0, 0, 0]
  const work = (n: number) => async (): Promise<void> => {
    most = Math.max(most, ++running)
    await new Promise(setImmediate)
    running--
    if (n === 5) throw new Error('the fifth')
    done++
  }
  const items = Array.from({ length: 20 }, (_, n) => work(n))
  await t.rejects(
    inParallel(items, 3, item => item()),
    /the fifth/,
  )
  t.equal(most, 3)
  t.equal(running, 0)
  t.ok(done < 9, `${done} were done`)
  await inParallel([], 3, () => Promise.reject(new Error('of nothing')))
})
