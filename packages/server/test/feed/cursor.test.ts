import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { decodeCursor, encodeCursor, type FeedCursor, hashOfPrefix } from '../../src/feed/cursor.js'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const cursors = fc
  .record({
    bucketId: bytes(16),
    prefixHash: bytes(8),
    lineage: fc.string({ maxLength: 16 }),
    epoch: fc.maxSafeNat(),
    since: fc.maxSafeNat(),
    places: fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 16 }), bytes(16), fc.maxSafeNat()), {
      maxLength: 20,
    }),
  })
  .map(
    ({ places, ...rest }): FeedCursor => ({
      ...rest,
      places: new Map(places.map(([agent, logId, position]) => [agent, { logId, position }])),
    }),
  )

t.test('comes back as it was', async () => {
  fc.assert(
    fc.property(cursors, cursor => {
      deepEqual(decodeCursor(encodeCursor(cursor)), cursor)
    }),
  )
})

t.test('what is no cursor is refused, whole or cut', async t => {
  const places = new Map([['agent-1', { logId: new Uint8Array(16), position: 300 }]])
  const rest = { lineage: 'l', epoch: 1, since: 2, places }
  const text = encodeCursor({ bucketId: new Uint8Array(16), prefixHash: hashOfPrefix(''), ...rest })
  for (let length = 0; length < text.length; length++)
    t.throws(
      () => decodeCursor(text.slice(0, length)),
      { code: 'BAD_REQUEST', hint: /unchanged/ },
      `${length}`,
    )
  for (const wrong of ['', '!', `${text}AA`, 'x'.repeat(70_000), 'gA', 'kA'])
    t.throws(() => decodeCursor(wrong), { code: 'BAD_REQUEST' })
})

t.test('that of another format is told apart', async t => {
  // An array of two: format 9, and whatever that has.
  t.equal(decodeCursor(Buffer.from([0x92, 9, 0xc0]).toString('base64url')), undefined)
})

t.test('prefixes have different hashes', async t => {
  t.notSame(hashOfPrefix('a'), hashOfPrefix('b'))
  t.notSame(hashOfPrefix(''), hashOfPrefix('a'))
  t.equal(hashOfPrefix('a').length, 8)
})
