import type { BlockReference } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingBody } from '@torc/protocol/exchange/exchange'
import { leasesOf } from '@torc/protocol/exchange/leases-of'
import type { Lease } from '@torc/protocol/frames/lease'
import type { BlockClaim } from '../bodies/block-claim.js'
import type { BlockUse } from '../bodies/block-owners.js'
import { type WrittenBlock, writeBlock } from '../bodies/block-writer.js'
import type { Coordination } from '../core/coordination.js'

/**
 * Takes in one block and sees to it that W of its owners have it. Nothing is read before there is a place for it in
 * memory. BAD_REQUEST where it has another size than announced, CHECKSUM where it has another hash.
 */
export async function receiveBlock(
  c: Coordination,
  use: BlockUse,
  claim: BlockClaim,
  block: BlockReference,
  body: IncomingBody,
): Promise<WrittenBlock> {
  const holding = claim.hold()
  if (holding !== undefined) await holding
  const arrival = c.arrivalBudget.acquire()
  if (arrival !== undefined) await arrival
  let leases: Lease[]
  try {
    leases = await receive(c, block, body)
    const place = c.writeBudget.acquire()
    if (place !== undefined) await place
  } finally {
    body.discard()
    c.arrivalBudget.release()
  }
  const release = (): void => c.writeBudget.release()
  const { hash, size } = block
  // The client was told that owners lack the block: to ask them again would cost as much as it could save.
  return writeBlock(c, use, undefined, hash, { leases, size }, release)
}

async function receive(
  c: Coordination,
  { hash, size }: BlockReference,
  body: IncomingBody,
): Promise<Lease[]> {
  const digest = c.environment.hasher.stream()
  const leases: Lease[] = []
  let received = 0
  for await (const lease of leasesOf(body)) {
    received += lease.bytes.length
    if (received > size)
      throw new TorcError('BAD_REQUEST', `the block is longer than the ${size} bytes announced`)
    digest.update(lease.bytes)
    leases.push(lease)
  }
  if (received < size)
    throw new TorcError('BAD_REQUEST', `the block ended after ${received} of ${size} bytes`)
  if (Buffer.compare(digest.digest(), hash) !== 0)
    throw new TorcError(
      'CHECKSUM',
      'the block that arrived has another SHA-256 than the one that was announced',
    )
  return leases
}
