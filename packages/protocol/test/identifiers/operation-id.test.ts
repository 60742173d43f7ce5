import t from 'tap'
import type { Clock } from '../../src/environment/clock.js'
import type { Random } from '../../src/environment/random.js'
import { makeOperationId, makeTimeOrderedOperationId } from '../../src/identifiers/operation-id.js'

const random: Random = { bytes: count => new Uint8Array(count).fill(0xab), fraction: () => 0.5 }
const at = (nowMs: number): Clock => ({
  nowMs: () => nowMs,
  monotonicMs: () => 0,
  after: () => () => {},
  soon: () => {},
})

t.test('random ids', async t => {
  t.strictSame(Buffer.from(makeOperationId(random)), Buffer.alloc(16, 0xab))
})

t.test('ids that begin with the time', async t => {
  const id = Buffer.from(makeTimeOrderedOperationId(at(0x0123456789ab + 0.9), random))
  t.equal(id.toString('hex'), `0123456789ab${'ab'.repeat(10)}`)
  const later = Buffer.from(makeTimeOrderedOperationId(at(0x0123456789ac), random))
  t.ok(Buffer.compare(id, later) < 0)
})
