import type { ResponseOf } from '../messages/table.js'
import type { CallOptions } from './object-store.js'

/**
 * How a block is on one of its owners: `uploading` (its bytes arrive), `stored`, `releasing` (nobody needs it: it goes
 * at the end of its grace time), `missing` (its file is lost), `corrupt` (its file is damaged), `absent` (the owner knows
 * nothing of it) or `unknown` (the owner could not be asked).
 */
export type BlockState = ResponseOf<'fetchObjectBlocks'>['blocks'][number]['owners'][number][1]

/** An agent's blocks by state, apart from the damaged ones; undefined where the agent did not tell. */
export interface BlockCounts {
  readonly blocksStored?: number | undefined
  readonly blocksUploading?: number | undefined
  readonly blocksReleasing?: number | undefined
}

/** What an agent holds in bytes; undefined where it did not tell. */
export interface HeldBytes {
  /** Of the bodies of all versions, and of those that are not in blocks. */
  readonly bodyBytes?: number | undefined
  readonly inlineBytes?: number | undefined
  /** Of the blocks, and of the files that hold them. */
  readonly blockBytes?: number | undefined
  readonly storedBytes?: number | undefined
}

/** Sums over the agents that told: each copy counts. Undefined where none did. */
export interface ClusterBytes {
  /** Bytes of the bodies of all versions. */
  readonly logicalBytes?: number | undefined
  /** Bytes that they take: files of blocks, and bodies that are not in blocks. */
  readonly physicalBytes?: number | undefined
}

export interface BlocksOptions extends CallOptions {
  /** An id or a unique prefix of one; the latest head when absent. */
  readonly versionId?: string | undefined
}

/** A block of a version, and where it is. */
export interface BlockPlaces {
  readonly bucket: string
  readonly key: string
  readonly versionId: string
  /** From 0 on. */
  readonly position: number
  /** SHA-256 of its bytes, hex. */
  readonly hash: string
  readonly size: number
  /** Its owners, in the order of the ring. */
  readonly owners: readonly { readonly agent: string; readonly state: BlockState }[]
}

/** The blocks of one frame of the answer as the library gives them. */
export function blockPlacesOf(
  bucket: string,
  key: string,
  { versionId, blocks }: ResponseOf<'fetchObjectBlocks'>,
): BlockPlaces[] {
  return blocks.map(({ position, hash, size, owners }) => ({
    ...{ bucket, key, versionId, position, size },
    hash: Buffer.from(hash).toString('hex'),
    owners: owners.map(([agent, state]) => ({ agent, state })),
  }))
}
