import type { BlockReference } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import { blockEntryBytes } from '@torc/protocol/messages/block-upload-messages'

const hashBytes = 32

/** The blocks that a request is about, as views. BAD_REQUEST where hashes and sizes do not belong together. */
export function offeredBlocks(hashes: Uint8Array, sizes: readonly number[]): BlockReference[] {
  const parts = partsOf(hashes, sizes.length, 'hashes')
  return parts.map((hash, i) => ({ hash, size: sizes[i] as number }))
}

/** A field that holds 32 bytes for each of `count` blocks. */
export function partsOf(bytes: Uint8Array, count: number, field: string): Uint8Array[] {
  if (bytes.length !== count * hashBytes)
    throw new TorcError('BAD_REQUEST', `\`${field}\` must have ${hashBytes} bytes for each block`)
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * hashBytes, (i + 1) * hashBytes))
}

/** A block of a body that is committed. */
export interface CommittedBlock extends BlockReference {
  readonly receipt: Uint8Array
}

/** The longest list of a commit. */
export const blockListBytesMax = limits.objectBlocksMax * blockEntryBytes

/** The list that a commit brings, as views. BAD_REQUEST where it is none. */
export function committedBlocks(list: Uint8Array): CommittedBlock[] {
  if (list.length === 0 || list.length % blockEntryBytes !== 0)
    throw new TorcError('BAD_REQUEST', `the list of blocks must have ${blockEntryBytes} bytes for each block`)
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength)
  const blocks: CommittedBlock[] = []
  for (let at = 0; at < list.length; at += blockEntryBytes) {
    blocks.push({
      hash: list.subarray(at, at + hashBytes),
      size: view.getUint32(at + hashBytes),
      receipt: list.subarray(at + hashBytes + 4, at + blockEntryBytes),
    })
  }
  return blocks
}
