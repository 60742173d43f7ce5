import { versionIdOf } from '@torc/cluster/state/version'
import { systemRandom } from '@torc/protocol/environment/system'
import fc from 'fast-check'
import t from 'tap'
import { operationRange } from '../../src/index/operation-range.js'

t.test('a prefix of an id names the range that its opId lies in', async () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.integer({ min: 0, max: 26 }),
      (opId, length) => {
        const { first, last } = operationRange(versionIdOf(opId).slice(0, length))
        return Buffer.compare(first, opId) <= 0 && Buffer.compare(opId, last) <= 0
      },
    ),
  )
})

t.test('an opId outside of the range has an id without the prefix', async () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.integer({ min: 0, max: 26 }),
      (opId, other, length) => {
        const prefix = versionIdOf(opId).slice(0, length)
        const { first, last } = operationRange(prefix)
        const inside = Buffer.compare(first, other) <= 0 && Buffer.compare(other, last) <= 0
        return inside === versionIdOf(other).startsWith(prefix)
      },
    ),
  )
})

t.test('a whole id names one opId', async t => {
  const opId = systemRandom.bytes(16)
  const { first, last } = operationRange(versionIdOf(opId))
  t.same(Buffer.from(first), Buffer.from(opId))
  t.same(Buffer.from(last), Buffer.from(opId))
})

t.test('what begins no id is refused', async t => {
  for (const prefix of ['A', '1', 'a'.repeat(27), 'a b', 'ä']) {
    t.throws(() => operationRange(prefix), { code: 'BAD_REQUEST' })
  }
})
