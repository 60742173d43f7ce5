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
  // Before the pieces are joined: a copy of all of them costs more than the sample does.
  if (size >= sampledFrom) {
    const sample = sampleOf(pieces, size)
    const compressed = await compressor.compress(sample)
    if (compressed.length > sample.length * promisingPart) return plain
  }
  const compressed = await compressor.compress(joined(pieces))
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
  return { encoding, pieces: [await compressor.compress(joined(pieces))] }
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

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces
  return only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces)
}

function sampleOf(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const between = (size - sampleBytes) / (samples - 1)
  const parts: Uint8Array[] = []
  let begins = 0
  for (const piece of pieces) {
    for (let i = 0; i < samples; i++) {
      const start = Math.floor(i * between) - begins
      const [from, to] = [Math.max(0, start), Math.min(piece.length, start + sampleBytes)]
      if (from < to) parts.push(piece.subarray(from, to))
    }
    begins += piece.length
  }
  return Buffer.concat(parts)
}
