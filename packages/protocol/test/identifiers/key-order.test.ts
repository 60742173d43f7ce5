import fc from 'fast-check'
import t from 'tap'
import { compareKeys } from '../../src/identifiers/key-order.js'

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

t.test('property: keys compare as their bytes do', async () => {
  fc.assert(fc.property(key, key, (a, b) => Math.sign(compareKeys(a, b)) === bytewise(a, b)))
})
