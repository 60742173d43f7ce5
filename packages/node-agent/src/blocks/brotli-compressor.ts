import { promisify } from 'node:util'
import { type BrotliOptions, brotliCompress, brotliDecompress, constants } from 'node:zlib'
import type { Compressor } from './block-encoding.js'

const compress: (bytes: Uint8Array, options: BrotliOptions) => Promise<Buffer> = promisify(brotliCompress)
const decompress: (bytes: Uint8Array, options: BrotliOptions) => Promise<Buffer> = promisify(brotliDecompress)

/** Node calls the codec once for each piece of output, each time on another thread: few large pieces cost less. */
const pieceBytesMax = 512 * 1024

/** Brotli's fastest quality but one (decision 22). */
export function brotliParameters(size: number, quality = 1): BrotliOptions {
  return {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_SIZE_HINT]: size,
    },
    chunkSize: Math.max(4096, Math.min(size, pieceBytesMax)),
  }
}

/** Compresses on the threads of the process, beside the event loop. */
export const brotliCompressor: Compressor = {
  compress: bytes => compress(bytes, brotliParameters(bytes.length)),
  async decompress(bytes, sizeMax) {
    try {
      return await decompress(bytes, { maxOutputLength: sizeMax, chunkSize: Math.max(4096, sizeMax) })
    } catch (thrown) {
      if (isOfInput(thrown)) return undefined
      throw thrown
    }
  },
}

/** Whether decompressing failed because of the bytes: torn, damaged, or more than was asked for. */
export function isOfInput(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  return code === 'ERR_BUFFER_TOO_LARGE' || code === 'Z_BUF_ERROR' || code.startsWith('ERR__ERROR_FORMAT')
}
