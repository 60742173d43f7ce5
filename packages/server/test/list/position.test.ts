import { actorId } from '@torc/cluster/clocks/dot'
import fc from 'fast-check'
import t from 'tap'
import { startText } from '../../src/list/list-start.js'
import { decodePosition, encodePosition, type Position } from '../../src/list/position.js'

const dot = { actor: actorId('00000000000000ff'), counter: 7 }

t.test('property: positions survive their text', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 50 })
  const position = fc.oneof(
    text.map((key): Position => ({ after: 'key', key })),
    text.map((prefix): Position => ({ after: 'prefix', prefix })),
    fc
      .tuple(text, fc.maxSafeNat())
      .map(([key, createdAt]): Position => ({ after: 'version', key, createdAt, dot })),
  )
  fc.assert(
    fc.property(position, given => {
      t.strictSame(decodePosition(encodePosition(given)), given)
    }),
  )
})

t.test('anything else is refused', async t => {
  const texts = ['x', 'v|x', 'v|1|zz|1|key', 'v|1|00000000000000ff|x|key', 'vk|', ''].map(text =>
    text.replaceAll('|', '\0'),
  )
  for (const text of texts) {
    t.throws(
      () => decodePosition(Buffer.from(text).toString('base64url')),
      { code: 'BAD_REQUEST' },
      JSON.stringify(text),
    )
  }
  for (const token of ['k!', 'a=', Buffer.from([0x6b, 0xff]).toString('base64url')]) {
    t.throws(() => decodePosition(token), { code: 'BAD_REQUEST' }, token)
  }
})

t.test('where agents begin', async t => {
  t.equal(startText(undefined), '')
  t.equal(startText({ after: 'key', key: 'k' }), 'k')
  t.ok(startText({ after: 'prefix', prefix: 'a/' }).startsWith('a/\u{10ffff}'))
  t.equal(startText({ after: 'version', key: 'b', createdAt: 1, dot }), 'b')
})
