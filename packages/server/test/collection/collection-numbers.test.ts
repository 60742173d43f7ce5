import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { CollectionNumbers, staleCollection } from '../../src/collection/collection-numbers.js'

t.test('the highest number that was heard of counts, for its partition alone', async t => {
  const numbers = new CollectionNumbers()
  t.equal(numbers.of(3), 0)
  numbers.observe(3, 64)
  numbers.observe(3, 1)
  numbers.observe(3, undefined)
  t.equal(numbers.of(3), 64)
  t.equal(numbers.of(4), 0)
})

t.test('a refusal tells of its partition; nothing else is one', async t => {
  const numbers = new CollectionNumbers()
  t.ok(numbers.learn(staleCollection(5, 128)))
  t.equal(numbers.of(5), 128)
  t.ok(numbers.learn(new TorcError('STALE_COLLECTION', 'without details')))
  t.notOk(
    numbers.learn(new TorcError('STALE_EPOCH', 'another', { details: { partition: 5, collection: 999 } })),
  )
  t.notOk(numbers.learn('a text'))
  t.equal(numbers.of(5), 128)
})
