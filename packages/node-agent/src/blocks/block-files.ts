import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import { BufferPool } from '@torc/protocol/frames/buffer-pool'
import { type Lease, partOf, unleased } from '@torc/protocol/frames/lease'
import { limits } from '@torc/protocol/limits'
import { blocksFolder } from '../data-directory/data-directory.js'
import type { Disk } from '../disk/disk.js'
import {
  blockEncoding,
  type Compressor,
  decodeBlock,
  formOf,
  type StoredForm,
  smallestForm,
  storedSizeOf,
} from './block-encoding.js'
import { type BlockDamage, type BlockRow, blockDamage, type WrittenFile } from './block-index.js'

/** What a block's file gave. */
export interface BlockContents {
  /** The block's bytes, unchecked; none where the file is compressed and damaged. Whoever gets them releases them. */
  readonly lease: Lease
  /** Bytes of the file. */
  readonly storedSize: number
}

/** The files of blocks, `blocks/ab/HASH`, where `ab` is the hash's first byte, in the form that their rows tell. */
export class BlockFiles {
  readonly #disk: Disk
  readonly #hasher: Hasher
  readonly #compressor: Compressor
  readonly #buffers = new BufferPool(readBuffers)

  constructor(disk: Disk, hasher: Hasher, compressor: Compressor) {
    this.#disk = disk
    this.#hasher = hasher
    this.#compressor = compressor
  }

  /** Whether there is a file of the right size. */
  async has(row: BlockRow): Promise<boolean> {
    return (await this.#disk.fileSize(pathOf(row.hash))) === row.storedSize
  }

  /** Undefined without a file. */
  async contents(row: BlockRow): Promise<BlockContents | undefined> {
    let room = nothing
    const file = await this.#disk.readFile(pathOf(row.hash), size => {
      room = this.#buffers.lease(size)
      return room.bytes
    })
    if (file === undefined) return undefined
    const storedSize = file.length
    if (row.encoding === blockEncoding.plain) return { lease: partOf(room, 0, storedSize), storedSize }
    const bytes = await decodeBlock(this.#compressor, row.encoding, file, row.size)
    room.release()
    return { lease: bytes === undefined ? nothing : unleased(bytes), storedSize }
  }

  /**
   * What the file is like now. A medium that cannot read it is damage too. The hash alone decides, whatever size the row
   * tells of the file.
   */
  async look(row: BlockRow): Promise<BlockContents & { readonly damage: BlockDamage }> {
    const lost = { lease: nothing, storedSize: 0 }
    let contents: BlockContents | undefined
    try {
      contents = await this.contents(row)
    } catch (thrown) {
      if (TorcError.from(thrown).code !== 'CORRUPT') throw thrown
      return { ...lost, damage: blockDamage.corrupt }
    }
    if (contents === undefined) return { ...lost, damage: blockDamage.missing }
    const sound = Buffer.compare(this.#hasher.sha256(contents.lease.bytes), row.hash) === 0
    return { ...contents, damage: sound ? blockDamage.none : blockDamage.corrupt }
  }

  /** Writes a block that has no row yet: as it is, or compressed where that is wanted and saves enough. */
  async write(
    hash: Uint8Array,
    pieces: readonly Uint8Array[],
    size: number,
    compress: boolean,
  ): Promise<WrittenFile> {
    const form = compress
      ? await smallestForm(this.#compressor, pieces, size)
      : { encoding: blockEncoding.plain, pieces }
    return await this.#write(hash, form)
  }

  /** Writes a block again in the form that its row tells: a crash before the row is changed does no harm. */
  async rewrite(row: BlockRow, pieces: readonly Uint8Array[]): Promise<WrittenFile> {
    return await this.#write(row.hash, await formOf(this.#compressor, row.encoding, pieces))
  }

  async #write(hash: Uint8Array, form: StoredForm): Promise<WrittenFile> {
    await this.#disk.writeFile(pathOf(hash), form.pieces)
    return { encoding: form.encoding, storedSize: storedSizeOf(form) }
  }

  /** False where there was none. */
  delete(hash: Uint8Array): Promise<boolean> {
    return this.#disk.deleteFile(pathOf(hash))
  }
}

/** Room for blocks that are read, up to those that are cut by content, and what is kept of it for the next readers. */
const readBuffers = { bufferBytes: 2 * limits.blockBytes, freeBytesMax: 8 * limits.blockBytes } as const

const nothing = unleased(new Uint8Array(0))

/** Name of a block's file, and what people call it by. */
export function blockName(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex')
}

function pathOf(hash: Uint8Array): string {
  const name = blockName(hash)
  return `${blocksFolder}/${name.slice(0, 2)}/${name}`
}
