import t from 'tap'
import { nextAuditMs, verdictOf } from '../../src/collection/verdict.js'

t.test('any yes and any silence keeps a lease', async t => {
  t.equal(verdictOf(['none', 'version', 'none'], false), 'version')
  t.equal(verdictOf(['none', 'intent'], true), 'intent')
  t.equal(verdictOf(['none', 'none'], true), 'silence')
  t.equal(verdictOf([], false), 'silence', 'nobody was asked')
  t.equal(verdictOf(['none', 'none', 'none'], false), 'none')
})

t.test('the next audits of leases that were made together are spread', async t => {
  const times = { auditEveryMs: 1000, auditAgainMs: 10 }
  const at = (first: number) => nextAuditMs(5000, 'version', times, new Uint8Array(16).fill(first))
  t.equal(at(0), 5900)
  t.equal(at(255), 6100)
  t.equal(nextAuditMs(5000, 'silence', times, new Uint8Array(16)), 5009)
})
