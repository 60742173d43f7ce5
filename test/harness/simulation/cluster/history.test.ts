import t from 'tap'
import { History, type Minted, type Seen, Violation, type Write } from './history.js'

const filling = Buffer.from('filling')

/** A history of one key, with what reads of it show. */
class Told extends History {
  #count = 0

  put(outcome: 'acknowledged' | 'indeterminate' = 'acknowledged', seen?: Seen): Write {
    const write = this.begin('k', 'put', filling, seen)
    return outcome === 'acknowledged' ? this.ack(write) : this.failed(write)
  }

  ack(write: Write): Write {
    const number = ++this.#count
    if (write.kind === 'purge') this.acknowledge(write)
    else this.acknowledge(write, `v${number}`, new Date(number))
    return write
  }

  failed(write: Write): Write {
    this.fail(write)
    return write
  }

  purge(seen?: Seen): Write {
    return this.begin('k', 'purge', filling, seen)
  }

  /** Reads that show just these heads, the first one latest. */
  show(...heads: readonly Write[]): void {
    const [first] = heads
    this.checkRead('k', {
      heads: heads.map(({ versionId }) => versionId ?? 'unheard of'),
      body: first?.kind === 'put' ? first.body : undefined,
    })
  }

  list(...versions: readonly Write[]): void {
    this.checkVersions('k', new Set(versions.map(({ versionId }) => versionId ?? 'unheard of')))
  }
}

t.test('a plain write covers what was acknowledged', async t => {
  const told = new Told()
  told.show()
  const first = told.put()
  t.throws(() => told.show(), Violation)
  told.show(first)
  const second = told.begin('k', 'put', filling)
  told.show(first)
  told.show(second)
  told.ack(second)
  told.show(second)
  t.throws(() => told.show(first), /write 1 \(put, version v1\).* was acknowledged/)
  t.throws(() => told.show(second, first), /is a head, but what covers it was acknowledged/)
  t.equal(told.lateHeads, 0)
  t.same([told.count('acknowledged'), told.count('indeterminate')], [2, 0])
  t.throws(() => told.checkListing('', new Set()), /not listed/)
})

t.test('a write with a context covers what that shows, and no more', async t => {
  const told = new Told()
  const base = told.put()
  const seen = told.seenBy(base)
  const left = told.put('acknowledged', seen)
  const right = told.put('acknowledged', seen)
  told.show(right, left)
  told.show(left, right)
  t.throws(() => told.show(right), /write 2 .* is no head/, 'a sibling is missing')
  t.throws(() => told.show(right, left, base), /write 1/)
  const merged = told.put('acknowledged', told.everything('k'))
  told.show(merged)
  told.list(base, left, right, merged)
  t.throws(() => told.list(base, right, merged), /write 2 .* is lost/)
})

t.test('a failed write may take effect late, and may have covered others', async t => {
  const told = new Told()
  const failed = told.put('indeterminate')
  t.doesNotThrow(() => told.checkListing('', new Set()))
  told.show()
  const second = told.put()
  told.show(second)
  told.show(failed, second)
  t.equal(told.lateHeads, 1)
  told.show(failed)
  const third = told.put('acknowledged', told.seenBy(second))
  told.put('indeterminate')
  told.show(third)
  t.same(told.keys, ['k'])
})

t.test('a failed write with a context covers just that, however late it comes', async t => {
  const told = new Told()
  const first = told.put()
  const failed = told.put('indeterminate', told.seenBy(first))
  const second = told.put()
  told.show(failed, second)
  t.equal(told.lateHeads, 1)
  t.throws(() => told.show(failed), /write 3 .* is no head/)
  told.put('indeterminate')
  told.show(second)
  told.show(failed)
  t.same(told.keys, ['k'])
})

t.test('what was purged stays away', async t => {
  const told = new Told()
  const first = told.put()
  const purge = told.purge()
  told.show()
  told.show(first)
  told.ack(purge)
  told.show()
  told.list()
  t.throws(() => told.show(first), /covers it was acknowledged/)
  t.throws(() => told.list(first), /was purged and is there again/)
  t.doesNotThrow(() => told.checkListing('', new Set()))
  const { must, may } = told.seenBy(told.put())
  t.throws(() => told.show(), Violation)
  told.failed(told.purge({ must, may }))
  told.show()
  told.list()
})

t.test('a version that is removed by its id uncovers what it covered', async t => {
  const told = new Told()
  const first = told.put()
  const marker = told.ack(told.begin('k', 'marker', filling))
  told.show(marker)
  t.throws(() => told.show(first))
  t.doesNotThrow(() => told.checkListing('', new Set()))
  const removal = told.beginRemoval(marker)
  told.show(first)
  told.show(marker)
  told.ack(removal)
  told.show(first)
  t.throws(() => told.show(marker))
  told.list(first)
  t.throws(() => told.list(first, marker), /purged/)
  told.checkGone(marker)
  t.throws(() => told.checkGone(first), /is not found/)
})

t.test('a policy takes the oldest, never a head', async t => {
  const told = new Told(() => 2)
  const first = told.put()
  const seen = told.seenBy(first)
  const second = told.put('acknowledged', seen)
  const third = told.put('acknowledged', seen)
  const fourth = told.put('acknowledged', told.seenBy(third))
  told.list(second, third, fourth)
  told.list(second, fourth)
  t.throws(() => told.list(third, fourth), /write 2 .* is lost/, 'a head')
  t.throws(() => told.list(second, third), /write 4/, 'a head')
  told.checkGone(first)
  const other = new Told(() => 3)
  other.put()
  const two = other.put()
  const three = other.put()
  t.throws(() => other.list(two, three), /write 1/, 'there is room')
  other.put('indeterminate')
  other.list(two, three)
})

t.test('bytes must be those that were written there', async t => {
  const told = new Told()
  const write = told.put()
  const other = told.begin('other', 'put', filling)
  const heads = [write.versionId ?? '']
  t.throws(() => told.checkRead('k', { heads, body: write.body.subarray(0, -1) }), /other bytes/)
  told.put('indeterminate')
  for (const body of [Buffer.from('noise'), other.body])
    t.throws(() => told.checkRead('k', { heads: ['unheard of'], body }), /nobody wrote|is no head/)
  const copy = told.ack(told.beginCopy('k', write))
  told.show(copy)
  t.equal(copy.body, write.body)
})

t.test('a tag is what was set last', async t => {
  const told = new Told()
  const write = told.put()
  told.checkTag(write, undefined)
  const [first, second] = [told.beginTag(write), told.beginTag(write)]
  told.checkTag(write, undefined)
  told.checkTag(write, second.value)
  second.acknowledged = true
  told.checkTag(write, second.value)
  told.checkTag(write, first.value)
  t.throws(() => told.checkTag(write, undefined), /2 was acknowledged/)
  t.throws(() => told.checkTag(write, '9'), Violation)
  first.acknowledged = true
  t.throws(() => told.checkTag(write, first.value), Violation)
})

t.test('a write that may have been tried twice may show its other dot', async t => {
  const told = new Told()
  const slow = told.begin('k', 'put', filling)
  told.acknowledge(slow, 'slow', new Date(9), 10)
  const next = told.put()
  told.show(next, slow)
  t.equal(told.twins, 1)
  const [first, second, late] = [9, 10, 12].map(atMs => ({ id: 'slow', atMs })) as [Minted, Minted, Minted]
  const other = { id: 'other', atMs: 99 }
  t.equal(told.settle('k', [[first, other], [late]]), 1)
  t.equal(told.settle('k', [[first, other], [second]]), 0)
  told.show(next, slow)
  t.equal(told.settle('k', [[second], [second]]), 0)
  told.show(next, slow)
  t.equal(told.settle('k', [[first], [first, other]]), 0)
  t.throws(() => told.show(next, slow), Violation, 'it has one dot after all')
})

t.test('a write that was refused never was', async t => {
  const told = new Told()
  const first = told.put()
  told.refuse(told.begin('k', 'put', filling))
  told.show(first)
  t.throws(() => told.show(), Violation)
  t.equal(told.put().number, 3)
})

t.test('what one read has shown of a write that failed, later ones show, or what covers it', async t => {
  const told = new Told()
  told.put()
  const late = told.put('indeterminate')
  const shown = (id: string) => told.checkRead('k', { heads: [id], body: late.body })
  told.show()
  shown('late')
  shown('late')
  t.throws(() => told.checkRead('k', { heads: [], body: undefined }), /was shown, and nothing covers it/)
  const next = told.begin('k', 'put', filling)
  told.checkRead('k', { heads: [], body: undefined })
  told.ack(next)
  told.show(next)
})

t.test('no write is shown twice', async t => {
  const told = new Told()
  const write = told.put()
  t.throws(() => told.show(write, write), /shows a write twice/)
})

t.test(
  'where others stand in for owners, an answer of one server that is whole is right at once',
  async t => {
    for (const knowsHolders of [false, true]) {
      const history = new History(undefined, true, knowsHolders)
      const write = history.begin('k', 'put', filling)
      history.acknowledge(write, 'v1', new Date(1))
      const read = (isWhole: boolean) => history.checkRead('k', { heads: [], body: undefined, isWhole })
      read(false)
      if (knowsHolders) t.throws(() => read(true), /nothing covers it, but it is no head/)
      else read(true)
    }
  },
)
