import fc from 'fast-check'
import t from 'tap'
import { checkRegisterReads, type RegisterReadsCall, type RegisterWrite } from './register-reads.js'

const put = (value: string, calledAt: number, returnedAt: number, result: RegisterWrite['result'] = 'ok') => {
  return { kind: 'put', value, hash: `hash of ${value}`, calledAt, returnedAt, result } as const
}
const remove = (calledAt: number, returnedAt: number, result: RegisterWrite['result'] = 'ok') => {
  return { kind: 'delete', calledAt, returnedAt, result } as const
}
const read = (shown: string | undefined, calledAt: number, returnedAt: number, binding = true) => {
  return { kind: 'read', shown, calledAt, returnedAt, binding } as const
}

t.test('what a read may show', async t => {
  const cases: [string, RegisterReadsCall[]][] = [
    ['nothing before the first write', [read(undefined, 1, 2)]],
    ['the last write', [put('a', 1, 2), put('b', 3, 4), read('b', 5, 6)]],
    ['nothing after a delete', [put('a', 1, 2), remove(3, 4), read(undefined, 5, 6)]],
    ['a write under way', [put('a', 1, 2), put('b', 3, 9), read('b', 4, 5)]],
    ['what a write under way has not replaced', [put('a', 1, 2), put('b', 3, 9), read('a', 4, 5)]],
    ['a write that began during the read', [put('a', 1, 2), put('b', 4, 9), read('b', 3, 5)]],
    ['what was overwritten during the read', [put('a', 1, 2), put('b', 4, 5), read('a', 3, 9)]],
    ['a write of which nobody heard', [put('a', 1, 2), put('b', 3, 4, 'unknown'), read('b', 5, 6)]],
    ['not that write', [put('a', 1, 2), put('b', 3, 4, 'unknown'), read('a', 5, 6)]],
    [
      'not that write, of a read that need not be right at once',
      [put('a', 1, 2), put('b', 3, 4, 'unknown'), read('b', 5, 6, false), read('a', 7, 8)],
    ],
    [
      'not that write, in a read beside one that shows it',
      [put('a', 1, 2), put('b', 3, 4, 'unknown'), read('b', 5, 8), read('a', 6, 9)],
    ],
    [
      'that write, late',
      [put('a', 1, 2), put('b', 3, 4, 'unknown'), put('c', 5, 6), read('c', 7, 8), read('b', 9, 10)],
    ],
    ['a delete of which nobody heard', [put('a', 1, 2), remove(3, 4, 'unknown'), read(undefined, 5, 6)]],
    [
      'a delete that never returned',
      [put('a', 1, 2), { ...remove(3, 4, 'unknown'), returnedAt: undefined }, read('a', 5, 6)],
    ],
  ]
  for (const [name, history] of cases) t.strictSame(checkRegisterReads(history).wrong, [], name)
})

t.test('what no read may show', async t => {
  const cases: [string, RegisterReadsCall[], RegExp][] = [
    ['an overwritten value', [put('a', 1, 2), put('b', 3, 4), read('a', 5, 6)], /overwritten/],
    [
      'nothing, after a write',
      [put('a', 1, 2), read(undefined, 3, 4)],
      /shows nothing, which is overwritten/,
    ],
    [
      'less than a read before it',
      [put('a', 1, 2), put('b', 3, 4, 'unknown'), read('b', 5, 6), read('a', 7, 8)],
      /overwritten/,
    ],
    ['a deleted value', [put('a', 1, 2), remove(3, 4), read('a', 5, 6)], /overwritten/],
    [
      'nothing, after a delete and a write',
      [put('a', 1, 2), remove(3, 4), put('b', 5, 6), read(undefined, 7, 8)],
      /overwritten/,
    ],
    ['a value that nobody wrote', [put('a', 1, 2), read('x', 3, 4)], /nobody wrote/],
    ['a value that was refused', [put('a', 1, 2, 'failed'), read('a', 3, 4)], /nobody wrote/],
    ['a value of later', [read('a', 1, 2), put('a', 3, 4)], /written later/],
    ['other bytes', [put('a', 1, 2), { ...read('a', 3, 4), hash: 'of something else' }], /other bytes/],
  ]
  for (const [name, history, why] of cases) {
    const { wrong } = checkRegisterReads(history)
    t.equal(wrong.length, 1, name)
    t.match(wrong[0]?.why ?? '', why, name)
  }
})

t.test(
  'a read that is not binding may be behind, and is counted; it shows no nonsense all the same',
  async t => {
    const writes = [put('a', 1, 2), put('b', 3, 4)]
    t.match(checkRegisterReads([...writes, read('a', 5, 6, false)]), {
      reads: 1,
      binding: 0,
      stale: 1,
      wrong: [],
    })
    t.equal(checkRegisterReads([...writes, read('x', 5, 6, false)]).wrong.length, 1)
  },
)

/** Writes one after the other, and reads at any time that show what is there at a moment between call and return. */
const runs = fc.record({
  writes: fc.array(
    fc.record({
      put: fc.boolean(),
      takes: fc.integer({ min: 2, max: 9 }),
      heard: fc.boolean(),
      done: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  reads: fc.array(fc.record({ at: fc.nat(150), before: fc.nat(9), after: fc.nat(9) }), { maxLength: 20 }),
})

t.test('a register passes; a read of what was overwritten before does not', async t => {
  let overwritten = 0
  fc.assert(
    fc.property(runs, ({ writes, reads }) => {
      const history: RegisterReadsCall[] = []
      const moments: { at: number; value: string | undefined }[] = []
      let now = 1
      for (const [i, write] of writes.entries()) {
        const [calledAt, at, returnedAt] = [now, now + write.takes / 2, now + write.takes]
        now = returnedAt + 1
        const value = write.put ? `v${i}` : undefined
        if (write.heard || write.done) moments.push({ at, value })
        const result = write.heard ? 'ok' : 'unknown'
        history.push(
          value === undefined
            ? remove(calledAt, returnedAt, result)
            : put(value, calledAt, returnedAt, result),
        )
      }
      for (const { at, before, after } of reads) {
        const shown = moments.findLast(moment => moment.at <= at + 0.1)?.value
        history.push(read(shown, at + 0.1 - before - 0.01, at + 0.1 + after + 0.01))
      }
      if (checkRegisterReads(history).wrong.length > 0) return false
      // The last two writes were heard of: what the first of them wrote is over for whoever reads then.
      const heard = writes.map(({ heard }) => heard)
      const last = writes.length - 1
      if (last < 1 || heard[last] !== true || heard[last - 1] !== true || writes[last - 1]?.put !== true)
        return true
      overwritten++
      return checkRegisterReads([...history, read(`v${last - 1}`, now + 1, now + 2)]).wrong.length === 1
    }),
    { numRuns: 1000 },
  )
  t.ok(overwritten > 50, `${overwritten} histories ended with an overwritten value`)
})
