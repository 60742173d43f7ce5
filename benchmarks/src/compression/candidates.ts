import {
  type BrotliOptions,
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  inflateRawSync,
} from 'node:zlib'

export interface Codec {
  compress(bytes: Uint8Array): Uint8Array
  decompress(bytes: Uint8Array): Uint8Array
}

function deflate(level: number): Codec {
  return { compress: bytes => deflateRawSync(bytes, { level }), decompress: bytes => inflateRawSync(bytes) }
}

function brotli(quality: number): Codec {
  const options: BrotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }
  return {
    compress: bytes => brotliCompressSync(bytes, options),
    decompress: bytes => brotliDecompressSync(bytes),
  }
}

/** What Node 20 has. */
export const candidates: Readonly<Record<string, Codec>> = {
  'deflate, level 1': deflate(1),
  'deflate, level 3': deflate(3),
  'deflate, level 6': deflate(6),
  'brotli, quality 0': brotli(0),
  'brotli, quality 1': brotli(1),
  'brotli, quality 2': brotli(2),
  'brotli, quality 4': brotli(4),
}

/** What agents do (decision 22): quality 1, after a look at samples, where it saves a tenth. */
export const chosen = 'chosen'
