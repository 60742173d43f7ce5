import fc from 'fast-check'
import t from 'tap'
import { attributesEqual, attributesOf, noAttributes } from '../../src/state/attributes.js'
import { decodeAttributes, encodeAttributes } from '../../src/state/attributes-codec.js'
import { checkMalformed } from '../support/malformed.js'
import { runs } from '../support/runs.js'
import { actor } from '../support/samples.js'

const dots = fc.record({ actor: fc.nat(3).map(actor), counter: fc.integer({ min: 1, max: 300 }) })
const attributes = fc
  .array(
    fc.record({
      version: fc.option(dots, { nil: undefined }),
      name: fc.constantFrom('policy', 'tag:a', 'tag:ü', 'lock'),
      value: fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined }),
      time: fc.maxSafeNat(),
      dot: dots,
    }),
    { maxLength: 6 },
  )
  .map(attributesOf)

t.test('registers survive their encoding', async t => {
  fc.assert(
    fc.property(attributes, one => {
      const decoded = decodeAttributes(encodeAttributes(one))
      if (!attributesEqual(decoded, one)) throw new Error('differs')
      for (const [key, register] of one) t.strictSame(decoded.get(key)?.value, register.value)
    }),
    runs(200),
  )
  t.equal(decodeAttributes(encodeAttributes(noAttributes)).size, 0)
})

t.test('damaged registers are refused', async () => {
  checkMalformed(attributes, encodeAttributes, bytes => decodeAttributes(bytes), 'BAD_REQUEST')
})
