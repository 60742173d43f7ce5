import fc from 'fast-check'
import t from 'tap'
import { prefixEnd } from '../../src/index/prefix-end.js'

t.test('bounds exactly the byte strings that begin with the prefix', async () => {
  const bytes = fc.uint8Array({ maxLength: 6 })
  fc.assert(
    fc.property(bytes, bytes, (prefix, key) => {
      const end = prefixEnd(prefix)
      const within = Buffer.compare(key, prefix) >= 0 && (end === undefined || Buffer.compare(key, end) < 0)
      const begins = Buffer.compare(key.subarray(0, prefix.length), prefix) === 0
      return within === begins
    }),
  )
})

t.test('nothing lies above the highest bytes', async t => {
  t.equal(prefixEnd(new Uint8Array(0)), undefined)
  t.equal(prefixEnd(Uint8Array.of(255, 255)), undefined)
  t.same(prefixEnd(Uint8Array.of(1, 255)), Uint8Array.of(2))
  const prefix = Buffer.from('a')
  prefixEnd(prefix)
  t.equal(prefix.toString(), 'a', 'the prefix is left as it is')
})
