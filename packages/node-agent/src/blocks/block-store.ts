import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingBody } from '@torc/protocol/exchange/exchange'
import { blocksFolder } from '../data-directory/data-directory.js'
import type { Disk } from '../disk/disk.js'
import type { GroupCommit } from '../index/group-commit.js'
import type { Operation } from '../leases/operation.js'
import {
  type BlockDamage,
  type BlockIndex,
  type BlockRow,
  blockDamage,
  type HeldState,
} from './block-index.js'
import { Turns } from './turns.js'

/** Blocks that are taken in at once: bounds memory at this many blocks; the other senders wait at their windows. */
const writesMax = 8
/** Blocks that are referred to in one transaction: few enough to keep the event loop's turn short. */
const referencesAtOnce = 64

/** What a look at a block's file gave. */
export interface BlockCheck {
  /** `gone`: there is no row of it (any more). */
  readonly state: 'sound' | 'missing' | 'corrupt' | 'gone'
  readonly bytesRead: number
  /** The block's row said so already. */
  readonly known: boolean
}

/** How a block is here: `uploading` while its bytes arrive for the first time, `absent` where nothing is known of it. */
export type BlockState = HeldState | 'uploading' | 'absent'

/** Who wants to hear of what readers and writers come upon. */
export interface BlockWatcher {
  /** A reader found a block damaged, and its row does not say so yet. */
  damaged(hash: Uint8Array): void
  /** A writer brought a block again that was damaged. */
  healed(hash: Uint8Array): void
}

/** Content-addressed blocks in files, `blocks/ab/HASH`, where `ab` is the hash's first byte. */
export class BlockStore {
  readonly #disk: Disk
  readonly #index: BlockIndex
  readonly #commit: GroupCommit
  readonly #hasher: Hasher
  readonly #turns = new Turns(writesMax)
  /** Names of blocks that are being received and have no row yet. */
  readonly #uploading = new Set<string>()
  #watcher: BlockWatcher = { damaged: () => undefined, healed: () => undefined }

  constructor(disk: Disk, index: BlockIndex, commit: GroupCommit, hasher: Hasher) {
    this.#disk = disk
    this.#index = index
    this.#commit = commit
    this.#hasher = hasher
  }

  /**
   * Stores the block that `body` brings, and that `operation` needs it. Durable when the promise resolves, in this
   * order: the file, then its row and the reference; a crash in between leaves a file without a row, never a row
   * without a file. Resolves with whether the block was here already. CHECKSUM when the bytes that arrived are
   * not what `hash` says.
   */
  async put(hash: Uint8Array, size: number, operation: Operation, body: IncomingBody): Promise<boolean> {
    const name = nameOf(hash)
    return this.#turns.take(name, async () => {
      const known = this.#index.sizeOf(hash) !== undefined
      const had = known && (await this.#isSound(hash, name))
      if (!known) this.#uploading.add(name)
      try {
        if (had) body.discard()
        else await this.#disk.writeFile(pathOf(name), await this.#receive(hash, name, size, body))
        await this.#commit.submit(() => this.#index.add(hash, size, operation))
      } finally {
        this.#uploading.delete(name)
      }
      if (known && !had) this.#watcher.healed(hash)
      return had
    })
  }

  /** How many blocks are being received that were not here before. */
  get uploadingCount(): number {
    return this.#uploading.size
  }

  /** What is known of a block, without a look at its file. */
  stateOf(hash: Uint8Array): BlockState {
    return this.#index.stateOf(hash) ?? (this.#uploading.has(nameOf(hash)) ? 'uploading' : 'absent')
  }

  /**
   * Adds references to blocks that are here, row and file; durable when the promise resolves with the positions of
   * the others. Of the files only the sizes are looked at: who reads a block checks its bytes.
   */
  async refer(hashes: readonly Uint8Array[], operation: Operation): Promise<number[]> {
    const missing: number[] = []
    for (let start = 0; start < hashes.length; start += referencesAtOnce) {
      const part = hashes.slice(start, start + referencesAtOnce)
      const here = await Promise.all(part.map(hash => this.#hasFile(hash)))
      // A transaction that is undone runs again: what it finds is collected once it is durable.
      const lacking = await this.#commit.submit(() => {
        const lost: number[] = []
        for (const [i, hash] of part.entries()) {
          if (here[i] !== true || !this.#index.refer(hash, operation)) lost.push(start + i)
        }
        return lost
      })
      missing.push(...lacking)
    }
    return missing
  }

  async #hasFile(hash: Uint8Array): Promise<boolean> {
    const size = this.#index.sizeOf(hash)
    if (size === undefined) return false
    return (await this.#disk.fileSize(pathOf(nameOf(hash)))) === size
  }

  watch(watcher: BlockWatcher): void {
    this.#watcher = watcher
  }

  /**
   * The whole block, checked against its hash. UNAVAILABLE when this agent does not have it, CORRUPT when its file
   * is lost or other than it was: another owner has it.
   */
  async read(hash: Uint8Array): Promise<Uint8Array> {
    const name = nameOf(hash)
    const row = this.#index.find(hash)
    if (row === undefined) throw new TorcError('UNAVAILABLE', `block ${name} is not on this agent`)
    const { bytes, damage } = await this.#look(hash, name)
    if (damage === blockDamage.none) return bytes
    if (row.damage === blockDamage.none) this.#watcher.damaged(hash)
    const what =
      damage === blockDamage.missing ? 'has lost its file' : 'is damaged: its bytes have another hash'
    throw new TorcError('CORRUPT', `block ${name} ${what}`)
  }

  /**
   * Reads the block's file in the block's turn, so that no write crosses it, and keeps what was found in its row
   * (where the disk is not too full for that).
   */
  check(hash: Uint8Array): Promise<BlockCheck> {
    const name = nameOf(hash)
    return this.#turns.take(name, async () => {
      const row = this.#index.find(hash)
      if (row === undefined) return { state: 'gone', bytesRead: 0, known: false }
      const { bytes, damage } = await this.#look(hash, name)
      const known = damage === row.damage
      if (!known) await this.#note(hash, damage)
      return { state: stateNames[damage], bytesRead: bytes.length, known }
    })
  }

  /**
   * Gives a damaged block its bytes back, in the block's turn. False when there is nothing to repair any more: its
   * row is gone, or a writer brought it meanwhile. CHECKSUM when `bytes` are not the block's.
   */
  repair(hash: Uint8Array, bytes: Uint8Array): Promise<boolean> {
    const name = nameOf(hash)
    return this.#turns.take(name, async () => {
      const row = this.#index.find(hash)
      if (row === undefined) return false
      if (await this.#isSound(hash, name)) {
        if (row.damage !== blockDamage.none) await this.#note(hash, blockDamage.none)
        return false
      }
      if (Buffer.compare(this.#hasher.sha256(bytes), hash) !== 0)
        throw new TorcError('CHECKSUM', `the bytes that came to repair block ${name} have another hash`)
      // The file before the row, as in `put`: a crash in between leaves a sound block that is checked again.
      await this.#disk.writeFile(pathOf(name), [bytes])
      await this.#commit.submit(() => this.#index.setDamage(hash, blockDamage.none))
      return true
    })
  }

  /**
   * Removes the file `name` of the blocks' folders if no row knows it, in the block's turn: a write puts the file
   * there before its row, in one turn, so that a file without a row is what a crash left.
   */
  async removeStray(name: string): Promise<boolean> {
    // Somebody writes it, maybe slowly: nobody needs to wait for that.
    if (this.#turns.isTaken(name)) return false
    return await this.#turns.take(name, async () => {
      if (this.#index.sizeOf(Buffer.from(name, 'hex')) !== undefined) return false
      return await this.#disk.deleteFile(pathOf(name))
    })
  }

  /**
   * Removes a block that nobody needs, in its turn, so that no write crosses it. The row before the file: a crash in
   * between leaves a file without a row, which the next start removes. Returns whether it went.
   */
  collect(block: BlockRow): Promise<boolean> {
    const name = nameOf(block.hash)
    return this.#turns.take(name, async () => {
      const gone = await this.#commit.submit(() => this.#index.removeUnreferenced(block))
      if (gone) await this.#disk.deleteFile(pathOf(name))
      return gone
    })
  }

  async #note(hash: Uint8Array, damage: BlockDamage): Promise<void> {
    try {
      await this.#commit.submit(() => this.#index.setDamage(hash, damage))
    } catch (thrown) {
      // A full disk must not keep blocks from being checked: the next look finds the same.
      if (TorcError.from(thrown).code !== 'DISK_FULL') throw thrown
    }
  }

  /** Whether the block's file is whole: a retry heals one that is damaged. */
  async #isSound(hash: Uint8Array, name: string): Promise<boolean> {
    return (await this.#look(hash, name)).damage === blockDamage.none
  }

  /** What the file is like now. A medium that cannot read it is damage too. */
  async #look(hash: Uint8Array, name: string): Promise<{ bytes: Uint8Array; damage: BlockDamage }> {
    let bytes: Uint8Array | undefined
    try {
      bytes = await this.#disk.readFile(pathOf(name))
    } catch (thrown) {
      if (TorcError.from(thrown).code !== 'CORRUPT') throw thrown
      return { bytes: nothing, damage: blockDamage.corrupt }
    }
    if (bytes === undefined) return { bytes: nothing, damage: blockDamage.missing }
    const sound = Buffer.compare(this.#hasher.sha256(bytes), hash) === 0
    return { bytes, damage: sound ? blockDamage.none : blockDamage.corrupt }
  }

  async #receive(hash: Uint8Array, name: string, size: number, body: IncomingBody): Promise<Uint8Array[]> {
    const digest = this.#hasher.stream()
    const pieces: Uint8Array[] = []
    let received = 0
    for await (const piece of body) {
      received += piece.length
      if (received > size)
        throw new TorcError('CHECKSUM', `block ${name} is longer than the ${size} bytes announced`)
      digest.update(piece)
      pieces.push(piece)
    }
    if (received < size)
      throw new TorcError('CHECKSUM', `block ${name} ended after ${received} of ${size} bytes`)
    if (Buffer.compare(digest.digest(), hash) !== 0) {
      throw new TorcError('CHECKSUM', `the bytes that came for block ${name} have another hash`)
    }
    return pieces
  }
}

const nothing = new Uint8Array(0)

const stateNames = {
  [blockDamage.none]: 'sound',
  [blockDamage.missing]: 'missing',
  [blockDamage.corrupt]: 'corrupt',
} as const

function nameOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex')
}

function pathOf(name: string): string {
  return `${blocksFolder}/${name.slice(0, 2)}/${name}`
}
