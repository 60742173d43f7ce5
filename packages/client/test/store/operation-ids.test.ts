import { systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { OperationIds } from '../../src/store/operation-ids.js'

t.test('every id is new, and few draws are needed', async t => {
  let draws = 0
  const ids = new OperationIds({
    ...systemRandom,
    bytes: count => {
      draws++
      return systemRandom.bytes(count)
    },
  })
  const seen = new Set(Array.from({ length: 1000 }, () => Buffer.from(ids.next()).toString('hex')))
  t.equal(seen.size, 1000)
  t.ok([...seen].every(id => id.length === 32))
  t.equal(draws, 4)
})
