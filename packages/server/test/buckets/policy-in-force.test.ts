import t from 'tap'
import { policyInForce, readPolicy } from '../../src/buckets/policy-in-force.js'

t.test('bucket over cluster over all', async t => {
  for (const [bucket, cluster, policy, from] of [
    ['inherit', 'inherit', { kind: 'all' }, 'default'],
    ['inherit', 'latest', { kind: 'latest' }, 'cluster'],
    ['all', 'latest', { kind: 'all' }, 'bucket'],
    ['dynamic:8', 'global:5', { kind: 'dynamic', max: 8 }, 'bucket'],
  ] as const)
    t.strictSame(policyInForce(bucket, cluster), { policy, from })
})

t.test('a policy of a later Torc keeps everything', async t => {
  t.strictSame(readPolicy('global:5,age:30d'), { kind: 'all' })
  t.strictSame(policyInForce('age:30d', 'latest'), { policy: { kind: 'all' }, from: 'bucket' })
})
