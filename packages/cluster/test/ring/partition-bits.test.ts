import fc from 'fast-check'
import t from 'tap'
import { hasPartition, partitionBits } from '../../src/ring/partition-bits.js'

t.test('each partition is a bit, the first the lowest of the first byte', t => {
  t.equal(partitionBits([]), undefined)
  t.equal(hasPartition(undefined, 0), false)
  t.same(partitionBits([0, 2, 9]), Uint8Array.of(0b101, 0b10))
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 65_535 })), fc.nat({ max: 65_535 }), (named, other) => {
      const bits = partitionBits(named)
      for (const partition of named) if (!hasPartition(bits, partition)) return false
      return hasPartition(bits, other) === named.includes(other)
    }),
  )
  t.end()
})
