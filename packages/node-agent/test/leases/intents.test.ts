import t from 'tap'
import { IndexFixture, intentMs, keyName } from '../index/index-fixture.js'

const blocks = [{ hash: new Uint8Array(32).fill(1), size: 1 }]
const large = { blocks, size: 1, body: null }

t.test('without an intent no version with blocks is minted, and the mint takes it away', async t => {
  const fixture = new IndexFixture(1)
  const { bucketId, key } = keyName(0)
  const opId = fixture.opId()
  const operation = { bucketId, key, opId }
  t.throws(() => fixture.mint(0, { opId, ...large }), { code: 'INTENT_EXPIRED' })
  t.equal(
    fixture.transaction(() => fixture.intents.place(operation)),
    true,
  )
  t.equal(
    fixture.transaction(() => fixture.intents.place(operation)),
    false,
  )
  t.throws(() => fixture.mint(1, { opId, ...large }), { code: 'INTENT_EXPIRED' }, 'it is one key\u2019s')
  fixture.mint(0, { opId, ...large })
  t.equal(fixture.intents.has(operation), false)
  t.equal(fixture.mint(0, { opId, ...large }).repeated, true, 'what was made needs no intent')
  fixture.mint(0, {})
  fixture.close()
})

t.test('an intent outlives a crash, goes with its version from elsewhere, and expires', async t => {
  const fixture = new IndexFixture(1)
  const other = new IndexFixture(2)
  const { bucketId, key } = keyName(0)
  const [opId, late] = [fixture.opId(), fixture.opId()]
  for (const one of [opId, late])
    for (const place of [fixture, other])
      place.transaction(() => place.intents.place({ bucketId, key, opId: one }))
  fixture.reopen(true)
  t.equal(fixture.intents.has({ bucketId, key, opId }), true)
  const { version, delta } = other.mint(0, { opId, ...large })
  fixture.merge(0, delta, { version, body: null })
  t.equal(fixture.intents.has({ bucketId, key, opId }), false)
  t.equal(fixture.intents.anyExpired(), false)
  fixture.clock.advance(intentMs)
  t.equal(fixture.intents.anyExpired(), true)
  t.equal(
    fixture.transaction(() => fixture.intents.expire(10)),
    1,
  )
  t.throws(() => fixture.mint(0, { opId: late, ...large }), { code: 'INTENT_EXPIRED' })
  fixture.close()
  other.close()
})
