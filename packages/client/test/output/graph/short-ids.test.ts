import fc from 'fast-check'
import t from 'tap'
import { shortIdLength } from '../../../src/output/graph/short-ids.js'

t.test('at least 6 characters, and enough to tell all apart', async t => {
  t.equal(shortIdLength([], false), 6)
  t.equal(shortIdLength(['abcdefghij'], false), 6)
  t.equal(shortIdLength(['abcdefghij', 'abcdefgxyz'], false), 8)
  t.equal(shortIdLength(['abcdefghij', 'abcdefghij'], false), 6, 'one id twice')
  t.equal(shortIdLength(['abcdefghij'], true), 10, 'more are to come')
})

t.test('no shorter length would do', async () => {
  const ids = fc.uniqueArray(fc.string({ minLength: 12, maxLength: 12, unit: fc.constantFrom('a', 'b') }))
  fc.assert(
    fc.property(ids, ids => {
      const length = shortIdLength(ids, false)
      const distinct = (length: number): number => new Set(ids.map(id => id.slice(0, length))).size
      return distinct(length) === ids.length && (length === 6 || distinct(length - 1) < ids.length)
    }),
  )
})
