import t from 'tap'
import { OpenClaims } from '../../src/block-uploads/open-claims.js'
import { fakeCluster, testBucket } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const use = (n: number) => ({
  bucket,
  key: `key-${n}`,
  opId: Buffer.alloc(16, 1),
  timeoutMs: undefined,
  signal: AbortSignal.abort(),
})

t.test('the steps of an upload share a claim, which outlives each of them', async t => {
  const cluster = fakeCluster()
  const claims = new OpenClaims(cluster.c)
  await claims.of(use(1)).hold()
  await claims.of(use(1)).hold()
  t.equal(cluster.agents.sentTo('placeIntent').length, 1, 'also where the step that made it was given up')
  await claims.of(use(2)).hold()
  t.equal(cluster.agents.sentTo('placeIntent').length, 2)
  claims.forget({ bucketId: bucket.id, key: 'key-1', opId: use(1).opId })
  await claims.of(use(1)).hold()
  t.equal(cluster.agents.sentTo('placeIntent').length, 3)
})

t.test('the one that was used longest ago is forgotten', async t => {
  const claims = new OpenClaims(fakeCluster().c)
  const first = claims.of(use(0))
  const second = claims.of(use(1))
  claims.of(use(0))
  for (let n = 2; n < 1025; n++) claims.of(use(n))
  t.equal(claims.size, 1024)
  t.equal(claims.of(use(0)), first)
  t.not(claims.of(use(1)), second)
})
