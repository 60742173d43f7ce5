import t from 'tap'
import { type ErrorCode, errorCodeOf, errorTable, TorcError } from '../src/errors.js'
import { errorHeadOf, errorOfHead } from '../src/exchange/error-head.js'

t.test('numbers are unique, and lead back to their codes', async t => {
  const codes = Object.keys(errorTable) as ErrorCode[]
  t.equal(new Set(codes.map(code => errorTable[code].number)).size, codes.length)
  for (const code of codes) t.equal(errorCodeOf(errorTable[code].number), code)
  t.equal(errorCodeOf(60_000), 'INTERNAL', 'a number of a later version')
})

t.test('what an error says', async t => {
  const cause = new Error('deep')
  const error = new TorcError('CONFLICT', 'taken', { cause, hint: 'look', details: { by: 'x' } })
  t.match(error, { code: 'CONFLICT', retryable: false, exitCode: 6, hint: 'look', cause, name: 'TorcError' })
  t.strictSame(error.toJSON(), {
    error: { code: 'CONFLICT', message: 'taken', hint: 'look', retryable: false },
  })
  t.equal(TorcError.from(error), error)
  t.match(TorcError.from(cause), { code: 'INTERNAL', message: 'deep', cause })
  t.match(TorcError.from('text', 'CORRUPT'), { code: 'CORRUPT', message: 'text' })
})

t.test('over the wire', async t => {
  const there = (error: TorcError): TorcError => errorOfHead(errorHeadOf(error))
  t.match(there(new TorcError('TIMEOUT', 'slow', { details: { ms: 5 } })), {
    code: 'TIMEOUT',
    details: { ms: 5 },
  })
  t.equal(there(new TorcError('TIMEOUT', 'slow')).details, undefined)
  t.equal(there(new TorcError('TIMEOUT', 'x'.repeat(100_000))).message.length, 4096)
  t.equal(there(new TorcError('TIMEOUT', 'x', { details: { big: 'x'.repeat(100_000) } })).details, undefined)
  for (const details of ['[]', 'null', '5', '{']) {
    t.equal(errorOfHead({ code: 1, message: '', hint: '', details }).details, undefined)
  }
  t.throws(() => errorOfHead({ code: 1 }), { code: 'BAD_REQUEST' })
})
