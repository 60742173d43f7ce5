import { systemHasher } from '@torc/protocol/environment/system'
import t from 'tap'
import { stateOf } from '../../src/leases/known-operations.js'
import { IndexFixture, keyName } from '../index/index-fixture.js'

t.test('a version, an intent, or neither', async t => {
  const fixture = new IndexFixture(1)
  const { bucketId, key } = keyName(0)
  const opId = fixture.opId()
  const operation = { bucketId, key, opId }
  let lingers = false
  const agent = {
    ...{ index: fixture.index, intents: fixture.intents, ballots: fixture.ballots, hasher: systemHasher },
    ...{ hints: { lingers: () => lingers }, layout: { partitions: 16 } },
  }
  const state = () => stateOf(agent, operation)
  t.equal(state(), 'none')
  fixture.transaction(() => fixture.intents.place(operation))
  t.equal(state(), 'intent')
  const blocks = [{ hash: new Uint8Array(32).fill(1), size: 1 }]
  fixture.mint(0, { opId, blocks, size: 1, body: null })
  t.equal(state(), 'version')
  fixture.mint(0, {})
  t.equal(state(), 'version', 'also below others')
  lingers = true
  t.equal(state(), 'none', 'what is here for readers only needs nothing')
  lingers = false
  const known = fixture.index.find(bucketId, key)
  if (known === undefined) throw new Error('no key')
  fixture.merge(0, known.summary.closed, undefined, [])
  t.equal(state(), 'none')
  fixture.close()
})
