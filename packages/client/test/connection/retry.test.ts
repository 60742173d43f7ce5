import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { attemptsMax, judgeFailure, lostConnectionsMax } from '../../src/connection/retry.js'

t.test('only what passes is sent again, and not for ever', async t => {
  const judge = (code: TorcError['code'], answered: number, lost: number, resendable = true): string =>
    judgeFailure(new TorcError(code, ''), { answered, lost }, { resendable, several: false })
  for (const code of ['UNAVAILABLE', 'INDETERMINATE', 'OVERLOADED', 'STALE_EPOCH', 'NOT_OWNER'] as const) {
    t.equal(judge(code, 1, 0), 'again', code)
    t.equal(judge(code, attemptsMax, 0), 'give up', code)
  }
  for (const code of [
    'DENIED',
    'KEY_NOT_FOUND',
    'TIMEOUT',
    'CANCELLED',
    'CONFLICT',
    'NO_LAYOUT',
    'DISK_FULL',
  ] as const) {
    t.equal(judge(code, 1, 0), 'give up', code)
  }
  t.equal(judge('UNREACHABLE', 0, 1), 'again')
  t.equal(judge('UNREACHABLE', 0, lostConnectionsMax), 'give up')
  t.equal(judge('UNREACHABLE', 0, 1, false), 'give up')
  // A server that has just started may be the only one that knows no layout.
  const elsewhere = { resendable: true, several: true }
  t.equal(judgeFailure(new TorcError('NO_LAYOUT', ''), { answered: 1, lost: 0 }, elsewhere), 'again')
})
