import type { BlockIndex } from '../blocks/block-index.js'
import type { BlockStore } from '../blocks/block-store.js'
import { blockFolders } from '../data-directory/data-directory.js'
import type { Disk } from '../disk/disk.js'

/** Bounds of one unit: names that are looked up, and folders that are listed. */
const namesAtOnce = 256
const foldersAtOnce = 16

/**
 * One look through the blocks' folders for files that no row knows: a crash between a block's file and its row
 * leaves one. What is not named like a block is not ours to remove.
 */
export class FileSweep {
  readonly #disk: Disk
  readonly #index: BlockIndex
  readonly #blocks: BlockStore
  readonly #folders = blockFolders()
  #names: string[] = []
  removed = 0

  constructor(disk: Disk, index: BlockIndex, blocks: BlockStore) {
    this.#disk = disk
    this.#index = index
    this.#blocks = blocks
  }

  get done(): boolean {
    return this.#folders.length === 0 && this.#names.length === 0
  }

  /** Looks at some names. */
  async step(): Promise<void> {
    for (let listed = 0; this.#names.length < namesAtOnce && listed < foldersAtOnce; listed++) {
      const folder = this.#folders.pop()
      if (folder === undefined) break
      const first = folder.slice(-2)
      for (const name of await this.#disk.list(folder))
        if (/^[0-9a-f]{64}$/.test(name) && name.startsWith(first)) this.#names.push(name)
    }
    for (const name of this.#names.splice(-namesAtOnce)) {
      // One that has no row now may be on its way: the store looks again in the block's turn.
      if (this.#index.sizeOf(Buffer.from(name, 'hex')) !== undefined) continue
      if (await this.#blocks.removeStray(name)) this.removed++
    }
  }
}
