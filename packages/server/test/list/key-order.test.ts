import fc from 'fast-check'
import t from 'tap'
import { commonPrefix, endOfPrefix } from '../../src/list/key-order.js'

/** Texts that meet the borders: one to four bytes, surrogates, U+E000 and above. */
const unit = fc.constantFrom(
  'a',
  'b',
  '/',
  '\u0001',
  '\u007f',
  '\u0080',
  '\u07ff',
  '\u0800',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '\u{10ffff}',
)
const key = fc.array(unit, { minLength: 1, maxLength: 6 }).map(units => units.join(''))
const bytewise = (a: string, b: string) => Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))

t.test('property: the end of a prefix comes after what begins with it and before the rest', async () => {
  fc.assert(
    fc.property(key, key, (prefix, other) => {
      const end = endOfPrefix(prefix)
      if (Buffer.byteLength(end) > 1024) return false
      if (other.startsWith(prefix)) return bytewise(other, end) < 0
      return bytewise(other, end) === bytewise(other, prefix)
    }),
  )
})

t.test('common prefixes', async t => {
  t.equal(commonPrefix('a/b/c', '', '/'), 'a/')
  t.equal(commonPrefix('a/b/c', 'a/', '/'), 'a/b/')
  t.equal(commonPrefix('a/b', 'a/', '/'), undefined)
  t.equal(commonPrefix('a/', 'a/', '/'), undefined)
  t.equal(commonPrefix('/a', '', '/'), '/')
  t.equal(commonPrefix('a--b', '', '--'), 'a--')
})
