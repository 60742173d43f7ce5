import t from 'tap'
import { IndexFixture, keyName } from '../index/index-fixture.js'

const blocks = [{ hash: new Uint8Array(32).fill(1), size: 1 }]
const latest = { policy: { kind: 'latest' as const }, live: [], attributes: new Map() }

function mintLarge(fixture: IndexFixture, more: object = {}): Uint8Array {
  const opId = fixture.opId()
  const { bucketId, key } = keyName(0)
  fixture.transaction(() => fixture.intents.place({ bucketId, key, opId }))
  fixture.mint(0, { opId, blocks, size: 1, body: null, ...more })
  return opId
}

const queued = (fixture: IndexFixture) =>
  fixture.releases.next('block-owner', 10).map(({ opId }) => Buffer.from(opId).toString('hex'))
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

t.test('what a write prunes and what a purge removes is queued with it, and outlives a crash', async t => {
  const fixture = new IndexFixture(1)
  let woken = 0
  fixture.releases.watch(() => {
    woken++
  })
  const first = mintLarge(fixture)
  const second = mintLarge(fixture, { retention: latest })
  t.same(queued(fixture), [hex(first)])
  t.equal(woken, 1)
  fixture.mint(0, {})
  const known = fixture.index.find(keyName(0).bucketId, keyName(0).key)
  if (known === undefined) throw new Error('no key')
  fixture.merge(0, known.summary.closed, undefined, [])
  fixture.reopen(true)
  t.same(queued(fixture), [hex(first), hex(second)], 'an inline version has nothing to release')
  t.same(fixture.releases.agents(), ['block-owner'])
  const next = fixture.releases.next('block-owner', 1)
  fixture.transaction(() => fixture.releases.done(next))
  t.same(queued(fixture), [hex(second)])
  t.equal(fixture.releases.count(), 1)
  fixture.close()
})

t.test('a write that is undone releases nothing', async t => {
  const fixture = new IndexFixture(1)
  mintLarge(fixture)
  t.throws(() =>
    fixture.transaction(() => {
      fixture.index.mint(keyName(0), {
        ...{ opId: fixture.opId(), kind: 'object', cover: undefined, exact: false, seenTime: 0, seenSeq: 0 },
        ...{
          size: 0,
          sha256: new Uint8Array(32),
          etag: '',
          contentType: '',
          metadata: [],
          blocks: undefined,
        },
        ...{ body: new Uint8Array(0), retention: latest, setPolicy: undefined, attempt: undefined },
      })
      throw new Error('the disk is full')
    }),
  )
  t.same(queued(fixture), [])
  fixture.close()
})
