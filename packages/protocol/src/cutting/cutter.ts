/**
 * Says where a stream of bytes is cut into blocks; the bytes stay where they are. Fed the pieces of one stream in
 * order, any splitting of it gives the same blocks. Memory: a few words, whatever the stream's length.
 */
export interface Cutter {
  /**
   * Looks at `piece` from byte `from` on: where in it the open block ends (not including), or undefined when it goes
   * on behind the piece. After an end the next block begins there: ask again with it. What is open when the stream
   * ends is its last block.
   */
  endOfBlock(piece: Uint8Array, from: number): number | undefined
}
