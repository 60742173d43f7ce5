import { emptyContext } from '@torc/cluster/clocks/causal-context'
import t from 'tap'
import { Deadline } from '../../src/core/deadline.js'
import { place } from '../../src/core/placement.js'
import { read } from '../../src/flows/get-flow.js'
import { askDigest, askHeads } from '../../src/flows/heads-read.js'
import { write } from '../../src/flows/put-flow.js'
import { fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()

t.test('more heads than fit one frame', async t => {
  const { c, agents } = fakeCluster()
  const metadata = [['name', 'x'.repeat(4096)]] as const
  const token = { context: emptyContext, newest: 0, seq: 0 }
  const ids: string[] = []
  for (let i = 0; i < 110; i++) {
    const request = await writeOf(c, bucket, 'key', `body ${i}`, { token, metadata })
    ids.unshift((await write(c, request)).version.id)
  }
  await new Promise(setImmediate)
  const found = await read(c, {
    bucket,
    key: 'key',
    versionId: undefined,
    timeoutMs: undefined,
    signal: undefined,
  })
  t.equal(found.version.id, ids[0])
  t.strictSame(found.siblings, ids.slice(1))
  t.equal(Buffer.concat(found.inline ?? []).toString(), 'body 109')
  t.equal(agents.sentTo('fetchBody').length, 0)
})

t.test('what an agent refuses is not asked again', async t => {
  const { c, agents, ids } = fakeCluster()
  const p = place(c, bucket, 'key')
  const deadline = new Deadline(c.environment.clock, undefined)
  agents.fault = () => ({ kind: 'refused', code: 'CORRUPT' })
  await t.rejects(askHeads(c, p, ids[0] ?? '', deadline, undefined), { code: 'CORRUPT' })
  await t.rejects(askDigest(c, p, ids[0] ?? '', deadline), { code: 'CORRUPT' })
  t.equal(agents.sent.length, 2)
})
