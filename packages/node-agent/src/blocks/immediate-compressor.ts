import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import type { Compressor } from './block-encoding.js'
import { brotliParameters, isOfInput } from './brotli-compressor.js'

/** Done at once, on the thread of the caller: for tests and simulation, as threads know nothing of virtual time. */
export const immediateCompressor: Compressor = {
  compress: async bytes => brotliCompressSync(bytes, brotliParameters(bytes.length)),
  async decompress(bytes, sizeMax) {
    try {
      return brotliDecompressSync(bytes, { maxOutputLength: sizeMax })
    } catch (thrown) {
      if (isOfInput(thrown)) return undefined
      throw thrown
    }
  },
}
