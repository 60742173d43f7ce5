import t from 'tap'
import { TorcError } from '../../src/errors.js'
import * as f from '../../src/messages/fields.js'

function accepts(field: f.Field<unknown>, values: readonly unknown[]): void {
  for (const value of values)
    t.same(field.check(value, 'x'), value, `${field.kind} takes ${String(value).slice(0, 40)}`)
}

function refuses(field: f.Field<unknown>, values: readonly unknown[]): void {
  for (const value of values) {
    try {
      field.check(value, 'the field')
      t.fail(`${field.kind} took ${String(value)}`)
    } catch (error) {
      const ok =
        error instanceof TorcError && error.code === 'BAD_REQUEST' && error.message.includes('the field')
      t.ok(ok, `${field.kind} refuses ${String(value).slice(0, 40)}`)
    }
  }
}

t.test('integers', async () => {
  accepts(f.integer(), [0, 1, 2 ** 32, 2 ** 53 - 1])
  refuses(f.integer(), [-1, 1.5, Number.NaN, 2 ** 53, 2n ** 53n, '1', null, true, Number.POSITIVE_INFINITY])
  accepts(f.integer(-5, 5), [-5, 5])
  refuses(f.integer(-5, 5), [-6, 6])
  t.equal(f.integer().wide, true)
  t.equal(f.integer(0, 10).wide, false)
  t.equal(f.integer(-(2 ** 40), 0).wide, true)
  t.equal(f.integer(Number.MIN_SAFE_INTEGER).kind, 'int −2^53+1…2^53−1')
})

t.test('text counts bytes, not characters', async () => {
  accepts(f.text(4), ['', 'abcd', 'üü', '😀'])
  refuses(f.text(4), ['abcde', 'üüü', '😀a', 5, Buffer.from('a'), null])
  refuses(f.text(4, 1), [''])
  t.same([f.text(4).kind, f.text(4, 1).kind], ['str ≤ 4', 'str 1…4'])
})

t.test('bytes, booleans and choices', async () => {
  accepts(f.bytes(3), [Buffer.alloc(0), Buffer.alloc(3)])
  refuses(f.bytes(3), [Buffer.alloc(4), 'abc', [1, 2, 3]])
  accepts(f.bytes(3, true), [Buffer.alloc(3)])
  refuses(f.bytes(3, true), [Buffer.alloc(2), Buffer.alloc(4)])
  accepts(f.boolean, [true, false])
  refuses(f.boolean, [0, 1, 'true', null])
  accepts(f.oneOf('a', 'b'), ['a', 'b'])
  refuses(f.oneOf('a', 'b'), ['c', '', null, 1])
})

t.test('lists, pairs and maps', async () => {
  accepts(f.list(f.integer(0, 9), 3), [[], [1, 2, 3]])
  refuses(f.list(f.integer(0, 9), 3), [[1, 2, 3, 4], [10], 'abc', {}, null])
  accepts(f.pair(f.text(2), f.integer()), [['a', 1]])
  refuses(f.pair(f.text(2), f.integer()), [['a'], ['a', 1, 2], [1, 'a'], 'a1', {}])
  t.equal(
    f.list(f.integer(), 1).wide && f.pair(f.text(1), f.integer()).wide && f.map({ a: f.integer() }).wide,
    true,
  )
  const map = f.map({ a: f.integer(), b: f.optional(f.text(3)) })
  t.same(map.check({ a: 1, b: null, later: [1] }, 'x'), { a: 1 })
  t.same(map.check({ a: 1, b: 'x' }, 'x'), { a: 1, b: 'x' })
  t.match(map.kind, /a: int .*; b\?: str ≤ 3/)
  refuses(f.map({ a: f.integer() }), [[], null, 'x', Buffer.alloc(1), 5])
  t.throws(() => map.check({}, 'x'), { code: 'BAD_REQUEST', message: /`a`/ })
  t.throws(() => map.check({ a: 'x' }, 'x'), { code: 'BAD_REQUEST', message: /`a`/ })
})

t.test('a note and being optional leave the check as it is', async t => {
  const field = f.note('how many', f.optional(f.integer(0, 3)))
  t.equal(field.doc, 'how many')
  t.equal(field.optional, true)
  t.equal(field.check(3, 'x'), 3)
})

t.test('names of buckets', async t => {
  accepts(f.bucketName, ['a', 'ab', 'a1', '0', 'my-bucket.v2', 'a'.repeat(63)])
  for (const name of ['', 'A', '-a', 'a-', '.a', 'a.', 'a_b', 'a/b', 'a'.repeat(64), 'ü', 5, null, 'a\n']) {
    t.throws(() => f.bucketName.check(name, 'bucket'), { code: 'BAD_REQUEST', hint: /lower-case/ })
  }
})

t.test('keys', async t => {
  accepts(f.keyText, ['a', '/', 'a/b/c', ' ', '..', 'k'.repeat(1024), '🔑'.repeat(256), '\ufffd'])
  for (const key of ['', 'k'.repeat(1025), '🔑'.repeat(257), 'a\0b', '\ud800', 5, null, Buffer.from('a')]) {
    t.throws(() => f.keyText.check(key, 'key'), { code: 'BAD_REQUEST', hint: /1024 bytes/ })
  }
})

t.test('keys as agents know them', async t => {
  const longest = `${'k'.repeat(1024)}\0${'i'.repeat(64)}`
  accepts(f.storedKey, ['a', 'a\0b', longest])
  for (const key of ['', `${longest}i`, '\ud800', 5, null])
    t.throws(() => f.storedKey.check(key, 'key'), { code: 'BAD_REQUEST', message: /1089 bytes/ })
})

t.test('access keys: ids, names, and the buckets of grants', async () => {
  accepts(f.accessKeyId, ['TKAAAAAAAAAAAAAAAAAA', 'TORCAAAAAAAAAAAAAAAA'])
  refuses(f.accessKeyId, ['', 'TK', 'tkaaaaaaaaaaaaaaaaaa', 5])
  accepts(f.bucketOrAll, ['*', 'photos'])
  refuses(f.bucketOrAll, ['', '**', 'Photos', null])
  accepts(f.displayName, ['', 'nightly backups ☾', 'x'.repeat(128)])
  refuses(f.displayName, ['x'.repeat(129), 'a\nb', '\u001b[31m', '\ud800', 7])
})
