import t from 'tap'
import { inParallel } from '../../src/transfer/parallel.js'

async function* numbers(count: number, onEnd?: () => void): AsyncGenerator<number> {
  try {
    for (let number = 0; number < count; number++) yield number
  } finally {
    onEnd?.()
  }
}

t.test('all items are worked on, a bounded number at once', async t => {
  let active = 0
  let most = 0
  const seen: number[] = []
  await inParallel(numbers(100), 7, async number => {
    most = Math.max(most, ++active)
    await new Promise(resolve => setImmediate(resolve))
    seen.push(number)
    active--
  })
  t.same(
    seen.sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, number) => number),
  )
  t.equal(most, 7)
})

t.test('the first error stops the rest and frees the source', async t => {
  let ended = false
  let worked = 0
  const work = inParallel(
    numbers(1000, () => (ended = true)),
    4,
    async number => {
      worked++
      await new Promise(resolve => setImmediate(resolve))
      if (number === 10) throw new Error('ten')
    },
  )
  await t.rejects(work, { message: 'ten' })
  t.equal(ended, true)
  t.ok(worked < 30)
})

t.test('a source that fails fails the work', async t => {
  async function* failing(): AsyncGenerator<number> {
    yield 1
    throw new Error('no more')
  }
  await t.rejects(
    inParallel(failing(), 3, async () => {}),
    { message: 'no more' },
  )
})
