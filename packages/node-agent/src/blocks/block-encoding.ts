/** How a block's file holds its bytes. The numbers are stored and never mean anything else. */
export const blockEncoding = { plain: 0, brotli: 1 } as const
export type BlockEncoding = (typeof blockEncoding)[keyof typeof blockEncoding]

/**
 * Makes bytes smaller, and brings them back. Implementations: `brotli-compressor.ts` (threads of the process), and the
 * simulation's, which is done at once.
 */
export interface Compressor {
  compress(bytes: Uint8Array): Promise<Uint8Array>
  /** At most `sizeMax` bytes, whatever the input; undefined where it is torn, damaged, or would give more. */
  decompress(bytes: Uint8Array, sizeMax: number): Promise<Uint8Array | undefined>
}

/** What goes into a block's file. */
export interface StoredForm {
  readonly encoding: BlockEncoding
  readonly pieces: readonly Uint8Array[]
}

/** Of the block: a compressed form that is larger is not worth its processor time with each read. */
const worthwhilePart = 0.9
/** A file takes whole pages of the disk: less than one is not to be had. */
const pageBytes = 4096
/** Eight samples that lie evenly tell of larger blocks whether it is worth trying. */
const samples = 8
const sampleBytes = 4096
const sampledFrom = 4 * samples * sampleBytes
/** Of the samples: they are compressed without what lies between them, so that the whole may do better. */
const promisingPart = 0.97

/** The compressed form of a block where it saves a tenth, otherwise the block as it is. */
export async function smallestForm(
  compressor: Compressor,
  pieces: readonly Uint8Array[],
  size: number,
): Promise<StoredForm> {
  const plain = { encoding: blockEncoding.plain, pieces }
  if (size <= pageBytes) return plain
  const bytes = Buffer.concat(pieces, size)
  if (size >= sampledFrom) {
    const sample = sampleOf(bytes)
    const compressed = await compressor.compress(sample)
    if (compressed.length > sample.length * promisingPart) return plain
  }
  const compressed = await compressor.compress(bytes)
  if (compressed.length > size * worthwhilePart) return plain
  return { encoding: blockEncoding.brotli, pieces: [compressed] }
}

/** A block in a given form. */
export async function formOf(
  compressor: Compressor,
  encoding: BlockEncoding,
  pieces: readonly Uint8Array[],
): Promise<StoredForm> {
  if (encoding === blockEncoding.plain) return { encoding, pieces }
  return { encoding, pieces: [await compressor.compress(Buffer.concat(pieces))] }
}

/** The block's bytes from its file; undefined where they are not to be had. Nobody has checked their hash yet. */
export async function decodeBlock(
  compressor: Compressor,
  encoding: BlockEncoding,
  file: Uint8Array,
  size: number,
): Promise<Uint8Array | undefined> {
  if (encoding === blockEncoding.plain) return file
  return compressor.decompress(file, size)
}

export function storedSizeOf({ pieces }: StoredForm): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0)
}

function sampleOf(bytes: Uint8Array): Uint8Array {
  const between = (bytes.length - sampleBytes) / (samples - 1)
  const parts = Array.from({ length: samples }, (_, i) => {
    const start = Math.floor(i * between)
    return bytes.subarray(start, start + sampleBytes)
  })
  return Buffer.concat(parts)
}
