import { limits } from '@torc/protocol/limits'
import t from 'tap'
import { type CommittedBody, checkCommit, referToCommitted } from '../../src/block-uploads/commit-blocks.js'
import type { CommittedBlock } from '../../src/block-uploads/offered-blocks.js'
import { type BlockOrigin, type UploadName, UploadSeals } from '../../src/block-uploads/upload-seals.js'
import { BlockClaim } from '../../src/bodies/block-claim.js'
import type { BlockUse } from '../../src/bodies/block-owners.js'
import { fakeCluster, testBucket } from '../fakes/fake-cluster.js'

const seals = new UploadSeals(Buffer.alloc(32, 9))
const name: UploadName = { bucketId: Buffer.alloc(16, 7), key: 'k', opId: Buffer.alloc(16, 1) }
const use: BlockUse = {
  bucket: testBucket(),
  key: 'key',
  opId: name.opId,
  timeoutMs: undefined,
  signal: undefined,
}
const sha256 = Buffer.alloc(32, 99)

const sent = { sent: true, had: false }
const sentInVain = { sent: true, had: true }
const proved = { sent: false, had: true }

function block(fill: number, size: number, origin: BlockOrigin = sent): CommittedBlock {
  const hash = Buffer.alloc(32, fill)
  return { hash, size, receipt: seals.receipt(name, hash, size, origin) }
}

function bodyOf(blocks: readonly CommittedBlock[], more: Partial<CommittedBody> = {}): CommittedBody {
  return { size: blocks.reduce((sum, { size }) => sum + size, 0), sha256, blocks, ...more }
}

t.test('counts what was sent and what the cluster had', async t => {
  const a = block(1, 1000)
  const b = block(2, 100, proved)
  const c = block(3, 10, sentInVain)
  t.strictSame(checkCommit(seals, name, bodyOf([a, b, c])), { sentBytes: 1010, deduplicatedBytes: 110 })
  t.strictSame(checkCommit(seals, name, bodyOf([a, b, a, b, c, a])), {
    sentBytes: 1010,
    deduplicatedBytes: 2210,
  })
})

t.test('what is no body of this upload is refused', async t => {
  const a = block(1, 1000)
  const refused = (body: CommittedBody, code: string, of = name): void => {
    t.throws(() => checkCommit(seals, of, body), { code })
  }
  refused(bodyOf([a, { ...a, receipt: Buffer.alloc(16) }]), 'BAD_REQUEST')
  refused(bodyOf([{ ...a, size: 2000 }]), 'BAD_REQUEST')
  refused(bodyOf([{ ...a, hash: Buffer.alloc(32, 2) }]), 'BAD_REQUEST')
  refused(bodyOf([a]), 'BAD_REQUEST', { ...name, key: 'other' })
  refused(bodyOf([a]), 'BAD_REQUEST', { ...name, opId: Buffer.alloc(16, 2) })
  refused(bodyOf([a]), 'BAD_REQUEST', { ...name, bucketId: Buffer.alloc(16, 2) })
  refused(bodyOf([a, a], { size: 1999 }), 'BAD_REQUEST')
  refused(bodyOf([a]), 'CHECKSUM')
  t.strictSame(checkCommit(seals, name, bodyOf([a], { sha256: a.hash })).sentBytes, 1000)
  refused(bodyOf(Array(limits.objectBlocksMax + 1).fill(a)), 'TOO_LARGE')
})

t.test('owners refer again; blocks that are gone are named by their first position', async t => {
  const cluster = fakeCluster()
  const [a, b, c] = [block(1, 1000), block(2, 100), block(3, 10)] as const
  const body = bodyOf([a, b, a, c, b])
  const origin = { sentBytes: 1110, deduplicatedBytes: 1100 }
  const hold = ({ hash, size }: CommittedBlock, ...agents: number[]): void => {
    for (const index of agents)
      cluster.agent(index).blocks.set(Buffer.from(hash).toString('hex'), Buffer.alloc(size))
  }
  hold(a, 0, 1, 2)
  hold(b, 0)
  await t.rejects(referToCommitted(cluster.c, use, new BlockClaim(cluster.c, use), body, origin), {
    code: 'BLOCKS_MISSING',
    retryable: true,
    details: { missing: [1, 3] },
  })
  hold(b, 2)
  hold(c, 1, 2)
  const prepared = await referToCommitted(cluster.c, use, new BlockClaim(cluster.c, use), body, origin)
  t.match(prepared, { size: body.size, sha256, inline: undefined, deduplicatedBytes: 1100 })
  t.strictSame(prepared.blockSizes, [1000, 100, 1000, 10, 100])
  t.strictSame(prepared.blocks, Buffer.concat(body.blocks.map(({ hash }) => hash)))
  t.equal(cluster.agent(2).references.size, 3)
})
