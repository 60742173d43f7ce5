import t from 'tap'
import { base32, base32HexDigits } from '../../src/identifiers/base32.js'

/** RFC 4648, §10, without padding and in lower case. */
const vectors: [text: string, base32: string, hex: string][] = [
  ['', '', ''],
  ['f', 'my', 'co'],
  ['fo', 'mzxq', 'cpng'],
  ['foo', 'mzxw6', 'cpnmu'],
  ['foob', 'mzxw6yq', 'cpnmuog'],
  ['fooba', 'mzxw6ytb', 'cpnmuoj1'],
  ['foobar', 'mzxw6ytboi', 'cpnmuoj1e8'],
]

t.test('the vectors of RFC 4648', async t => {
  for (const [text, expected, hex] of vectors) {
    t.equal(base32(Buffer.from(text)), expected)
    t.equal(base32(Buffer.from(text), base32HexDigits), hex)
  }
  t.equal(base32(new Uint8Array(16)).length, 26)
})
