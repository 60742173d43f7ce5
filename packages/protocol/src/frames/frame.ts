/** A decoded frame. `head` is checked for structure only; its fields are the validators' business. */
export interface Frame {
  readonly type: number
  /** The request that it belongs to; 0 = the connection. */
  readonly stream: number
  readonly head: Readonly<Record<string, unknown>>
  /** Views on the received chunks, in order; undefined when the frame has no body. */
  readonly body: readonly Uint8Array[] | undefined
  /** Bytes after the length prefix. */
  readonly length: number
}

export function sizeOf(pieces: readonly Uint8Array[]): number {
  let size = 0
  for (const piece of pieces) size += piece.length
  return size
}
