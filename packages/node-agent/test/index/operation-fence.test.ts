import t from 'tap'
import { fencedOperationsMax, OperationFence } from '../../src/index/operation-fence.js'
import { IndexFixture } from './index-fixture.js'

const operation = (number: number): Uint8Array => {
  const opId = new Uint8Array(16)
  new DataView(opId.buffer).setUint32(12, number)
  return opId
}
const attempt = (number: number): Uint8Array => new Uint8Array(8).fill(number)

t.test('after a look only the attempt that looked may mint', async t => {
  const fence = new OperationFence()
  fence.check(operation(1), undefined)
  fence.check(operation(1), attempt(1))
  fence.raise(operation(1), attempt(1))
  fence.check(operation(1), attempt(1))
  t.throws(() => fence.check(operation(1), undefined), { code: 'SUPERSEDED' })
  t.throws(() => fence.check(operation(1), attempt(2)), { code: 'SUPERSEDED' })
  fence.check(operation(2), undefined)
  fence.raise(operation(1), attempt(2))
  t.throws(() => fence.check(operation(1), attempt(1)), { code: 'SUPERSEDED' }, 'the later look counts')
  fence.check(operation(1), attempt(2))
})

t.test('looks that reach owners in different orders raise the same fence', async t => {
  for (const order of [
    [1, 2],
    [2, 1],
  ]) {
    const fence = new OperationFence()
    for (const number of order) fence.raise(operation(1), attempt(number))
    t.throws(() => fence.check(operation(1), attempt(1)), { code: 'SUPERSEDED' })
    fence.check(operation(1), attempt(2))
  }
  const fence = new OperationFence()
  fence.raise(operation(1), Uint8Array.of(0, 0, 0, 0, 0, 0, 0x80, 0))
  fence.raise(operation(1), Uint8Array.of(0, 0, 0, 0, 0, 0, 0x7f, 0xff))
  fence.check(operation(1), Uint8Array.of(0, 0, 0, 0, 0, 0, 0x80, 0))
})

t.test('it keeps nothing of the buffers that brought the ids', async t => {
  const fence = new OperationFence()
  const frame = Buffer.concat([operation(1), attempt(1)])
  fence.raise(frame.subarray(0, 16), frame.subarray(16))
  frame.fill(0)
  fence.check(operation(1), attempt(1))
  t.throws(() => fence.check(operation(1), undefined), { code: 'SUPERSEDED' })
})

t.test('it is bounded: the operation looked for longest ago is forgotten', async t => {
  const fence = new OperationFence(3)
  for (const number of [1, 2, 3]) fence.raise(operation(number), attempt(1))
  fence.raise(operation(1), attempt(2))
  fence.raise(operation(4), attempt(1))
  t.equal(fence.size, 3)
  fence.check(operation(2), undefined)
  for (const number of [1, 3, 4])
    t.throws(() => fence.check(operation(number), undefined), { code: 'SUPERSEDED' })
  const whole = new OperationFence()
  for (let number = 0; number < fencedOperationsMax + 10; number++) whole.raise(operation(number), attempt(1))
  t.equal(whole.size, fencedOperationsMax)
})

t.test(
  'a mint that waited while the operation was looked for is refused; what was made is answered',
  async t => {
    const fixture = new IndexFixture(1)
    const opId = fixture.opId()
    fixture.index.fence.raise(opId, attempt(1))
    t.throws(() => fixture.mint(0, { opId }), { code: 'SUPERSEDED' })
    const { version } = fixture.mint(0, { opId, attempt: attempt(1) })
    t.match(fixture.mint(0, { opId }), { repeated: true, version: { id: version.id } })
    fixture.close()
  },
)
