import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import { askForBlocks } from '../bodies/ask-owners.js'
import type { BlockClaim } from '../bodies/block-claim.js'
import type { BlockUse } from '../bodies/block-owners.js'
import type { PreparedBody } from '../bodies/prepared-body.js'
import type { Coordination } from '../core/coordination.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import type { CommittedBlock } from './offered-blocks.js'
import type { UploadName, UploadSeals } from './upload-seals.js'

/** A body as its writer describes it. */
export interface CommittedBody {
  readonly size: number
  readonly sha256: Uint8Array
  readonly blocks: readonly CommittedBlock[]
}

/** How the bytes of a body came. */
export interface BodyOrigin {
  readonly sentBytes: number
  readonly deduplicatedBytes: number
}

/** Positions that an error names at most. */
const missingMax = 1000

/**
 * Checks that the client has proved or sent every block (`BAD_REQUEST`), and that they are a body as it says. What
 * can't be checked here is the digest of more than one block: no server has seen the bytes together.
 */
export function checkCommit(seals: UploadSeals, name: UploadName, body: CommittedBody): BodyOrigin {
  const { size, sha256, blocks } = body
  if (blocks.length > limits.objectBlocksMax)
    throw new TorcError(
      'TOO_LARGE',
      `${blocks.length} blocks; at most ${limits.objectBlocksMax} make an object`,
    )
  const seen = new Set<string>()
  let total = 0
  let sentBytes = 0
  let deduplicatedBytes = 0
  for (const [i, block] of blocks.entries()) {
    const origin = seals.verify(name, block.hash, block.size, block.receipt)
    if (origin === undefined) {
      throw new TorcError('BAD_REQUEST', `block ${i} has no receipt of this upload`, {
        hint: 'Offer the block, and prove or send it, under the same bucket, key and operation id.',
      })
    }
    total += block.size
    const hash = nameOf(block)
    const again = seen.has(hash)
    seen.add(hash)
    if (origin.sent && !again) sentBytes += block.size
    if (origin.had || again) deduplicatedBytes += block.size
  }
  if (total !== size)
    throw new TorcError('BAD_REQUEST', `the blocks have ${total} bytes where ${size} were announced`)
  const [only] = blocks
  if (blocks.length === 1 && only !== undefined && Buffer.compare(only.hash, sha256) !== 0)
    throw new TorcError('CHECKSUM', 'the only block of the body has another SHA-256 than the whole')
  return { sentBytes, deduplicatedBytes }
}

/** Has W owners of every block refer to it (again), as they may have lost it since. BLOCKS_MISSING names those that are gone. */
export async function referToCommitted(
  c: Coordination,
  use: BlockUse,
  claim: BlockClaim,
  { size, sha256, blocks }: CommittedBody,
  { deduplicatedBytes }: BodyOrigin,
): Promise<PreparedBody> {
  const firsts = new Map<string, number>()
  for (const [i, block] of blocks.entries()) if (!firsts.has(nameOf(block))) firsts.set(nameOf(block), i)
  const positions = [...firsts.values()]
  const held = await withFreshLayout(c, () =>
    askForBlocks(
      c,
      use,
      claim,
      positions.map(i => (blocks[i] as CommittedBlock).hash),
    ),
  )
  const missing = positions.filter((_, i) => held[i] !== true)
  if (missing.length > 0) {
    throw new TorcError(
      'BLOCKS_MISSING',
      `${missing.length} of ${blocks.length} blocks are not there any more`,
      {
        details: { missing: missing.slice(0, missingMax) },
      },
    )
  }
  return {
    size,
    sha256,
    inline: undefined,
    blocks: Buffer.concat(blocks.map(({ hash }) => hash)),
    blockSizes: blocks.map(block => block.size),
    claim,
    deduplicatedBytes,
  }
}

function nameOf({ hash }: CommittedBlock): string {
  return Buffer.from(hash).toString('hex')
}
