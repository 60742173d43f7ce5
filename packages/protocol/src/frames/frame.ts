import type { Lease } from './lease.js'

/** A decoded frame. `head` is checked for structure only; its fields are the validators' business. */
export interface Frame {
  readonly type: number
  /** The request that it belongs to; 0 = the connection. */
  readonly stream: number
  readonly head: Readonly<Record<string, unknown>>
  /** Pieces in order (the decoder makes one); undefined when the frame has no body. */
  readonly body: readonly Uint8Array[] | undefined
  /** The body of a DATA frame with the right to give its memory back. */
  readonly lease: Lease | undefined
  /** Bytes after the length prefix. */
  readonly length: number
}

export function sizeOf(pieces: readonly Uint8Array[]): number {
  let size = 0
  for (const piece of pieces) size += piece.length
  return size
}
