import t from 'tap'
import { decodeClusterRecord, encodeClusterRecord } from '../../src/buckets/cluster-record.js'

t.test('survives its bytes', async t => {
  for (const policy of ['inherit', 'all', 'dynamic:1000000'])
    t.strictSame(decodeClusterRecord(encodeClusterRecord({ policy })), { policy })
})

t.test('damage is told', async t => {
  const bytes = encodeClusterRecord({ policy: 'all' })
  t.throws(() => decodeClusterRecord(bytes.subarray(0, 3)), { code: 'CORRUPT' })
  const newer = Uint8Array.from(bytes)
  newer[1] = 99
  t.throws(() => decodeClusterRecord(newer), { code: 'CORRUPT', hint: /Upgrade/ })
})
