import fc from 'fast-check'
import t from 'tap'
import { contextsEqual, emptyContext } from '../../src/clocks/causal-context.js'
import { decodeToken, encodeToken, readToken } from '../../src/clocks/token.js'
import { checkMalformed } from '../support/malformed.js'
import { storedContexts } from '../support/records.js'
import { runs } from '../support/runs.js'

const bucket = new Uint8Array(16).fill(3)

t.test('brings back the context, and what its maker had seen', async () => {
  fc.assert(
    fc.property(
      storedContexts,
      fc.string({ minLength: 1 }),
      fc.maxSafeNat(),
      fc.maxSafeNat(),
      (context, key, newest, seq) => {
        const token = readToken(encodeToken(context, bucket, key, { newest, seq }), bucket, key)
        if (!contextsEqual(token.context, context) || token.newest !== newest || token.seq !== seq)
          throw new Error('differs')
        if (!contextsEqual(decodeToken(encodeToken(context, bucket, key), bucket, key), context))
          throw new Error('differs')
      },
    ),
    runs(1_000),
  )
})

t.test('a token of another key or bucket is refused by name', async t => {
  const token = encodeToken(emptyContext, bucket, 'a/b')
  t.throws(() => decodeToken(token, bucket, 'a/c'), {
    code: 'BAD_REQUEST',
    message: /another key than "a\/c"/,
  })
  t.throws(() => decodeToken(token, new Uint8Array(16), 'a/b'), { code: 'BAD_REQUEST' })
})

t.test('malformed texts are refused', async t => {
  const token = encodeToken(emptyContext, bucket, 'k')
  for (const bad of [
    '',
    ' ',
    `${token} `,
    `${token}=`,
    `${token}A`,
    token.slice(1),
    token.slice(0, -1),
    'ü',
    'A'.repeat(70_000),
  ]) {
    t.throws(() => decodeToken(bad, bucket, 'k'), { code: 'BAD_REQUEST' }, bad.slice(0, 20))
  }
  checkMalformed(
    storedContexts.map(context => ({ context, newest: 300, seq: 2 })),
    made => Buffer.from(encodeToken(made.context, bucket, 'k', made), 'base64url'),
    bytes => readToken(Buffer.from(bytes).toString('base64url'), bucket, 'k'),
    'BAD_REQUEST',
  )
})
