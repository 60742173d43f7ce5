import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingBody } from '@torc/protocol/exchange/exchange'
import { leasesOf } from '@torc/protocol/exchange/leases-of'
import type { Lease } from '@torc/protocol/frames/lease'
import type { Disk } from '../disk/disk.js'
import type { GroupCommit } from '../index/group-commit.js'
import type { Operation } from '../leases/operation.js'
import type { Compressor } from './block-encoding.js'
import { BlockFiles, blockName } from './block-files.js'
import {
  type BlockDamage,
  type BlockIndex,
  type BlockRow,
  blockDamage,
  type HeldState,
  type WrittenFile,
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

export interface PutOptions {
  readonly compress?: boolean | undefined
  readonly alongside?: (() => void) | undefined
}

/** Who wants to hear of what readers and writers come upon. */
export interface BlockWatcher {
  /** A reader found a block damaged, and its row does not say so yet. */
  damaged(hash: Uint8Array): void
  /** A writer brought a block again that was damaged. */
  healed(hash: Uint8Array): void
}

/** Content-addressed blocks: their files, their rows, and the order in which both change. */
export class BlockStore {
  readonly #files: BlockFiles
  readonly #index: BlockIndex
  readonly #commit: GroupCommit
  readonly #hasher: Hasher
  readonly #turns = new Turns(writesMax)
  /** Names of blocks that are being received and have no row yet. */
  readonly #uploading = new Set<string>()
  #watcher: BlockWatcher = { damaged: () => undefined, healed: () => undefined }

  constructor(disk: Disk, index: BlockIndex, commit: GroupCommit, hasher: Hasher, compressor: Compressor) {
    this.#files = new BlockFiles(disk, hasher, compressor)
    this.#index = index
    this.#commit = commit
    this.#hasher = hasher
  }

  /**
   * Stores the block that `body` brings, and that `operation` needs it. Durable when the promise resolves, in this
   * order: the file, then its row and the reference; a crash in between leaves a file without a row, never a row
   * without a file. Resolves with whether the block was here already. CHECKSUM when the bytes that arrived are
   * not what `hash` says. With `compress` it is stored compressed if that saves enough; a block that has a row already,
   * though its file is damaged, stays as it was stored first. `alongside` runs in the transaction of the reference.
   */
  async put(
    hash: Uint8Array,
    size: number,
    operation: Operation,
    body: IncomingBody,
    { compress = false, alongside }: PutOptions = {},
  ): Promise<boolean> {
    const name = blockName(hash)
    return this.#turns.take(name, async () => {
      const row = this.#index.find(hash)
      const had = row !== undefined && (await this.#isSound(row))
      if (row === undefined) this.#uploading.add(name)
      try {
        let file: WrittenFile | undefined
        if (had) body.discard()
        else {
          const leases = await this.#receive(hash, name, size, body)
          const pieces = leases.map(({ bytes }) => bytes)
          if (row === undefined) file = await this.#files.write(hash, pieces, size, compress)
          else file = await this.#files.rewrite(row, pieces)
          for (const lease of leases) lease.release()
        }
        await this.#commit.submit(() => {
          this.#index.add(hash, size, operation, file)
          alongside?.()
        })
      } finally {
        this.#uploading.delete(name)
      }
      if (row !== undefined && !had) this.#watcher.healed(hash)
      return had
    })
  }

  /** How many blocks are being received that were not here before. */
  get uploadingCount(): number {
    return this.#uploading.size
  }

  /** What is known of a block, without a look at its file. */
  stateOf(hash: Uint8Array): BlockState {
    return this.#index.stateOf(hash) ?? (this.#uploading.has(blockName(hash)) ? 'uploading' : 'absent')
  }

  /**
   * Adds references to blocks that are here, row and file; durable when the promise resolves with the positions of
   * the others. Of the files only the sizes are looked at: who reads a block checks its bytes. `alongside` runs in the
   * transaction of each reference, with the block's position.
   */
  async refer(
    hashes: readonly Uint8Array[],
    operation: Operation,
    alongside?: (position: number) => void,
  ): Promise<number[]> {
    const missing: number[] = []
    for (let start = 0; start < hashes.length; start += referencesAtOnce) {
      const part = hashes.slice(start, start + referencesAtOnce)
      const here = await Promise.all(part.map(hash => this.#hasFile(hash)))
      // A transaction that is undone runs again: what it finds is collected once it is durable.
      const lacking = await this.#commit.submit(() => {
        const lost: number[] = []
        for (const [i, hash] of part.entries()) {
          if (here[i] !== true || !this.#index.refer(hash, operation)) lost.push(start + i)
          else alongside?.(start + i)
        }
        return lost
      })
      missing.push(...lacking)
    }
    return missing
  }

  async #hasFile(hash: Uint8Array): Promise<boolean> {
    const row = this.#index.find(hash)
    return row !== undefined && (await this.#files.has(row))
  }

  watch(watcher: BlockWatcher): void {
    this.#watcher = watcher
  }

  /**
   * The whole block, checked against its hash, to be released by whoever gets it. UNAVAILABLE when this agent does not
   * have it, CORRUPT when its file is lost or other than it was: another owner has it.
   */
  async read(hash: Uint8Array): Promise<Lease> {
    const name = blockName(hash)
    const row = this.#index.find(hash)
    if (row === undefined) throw new TorcError('UNAVAILABLE', `block ${name} is not on this agent`)
    const { lease, damage } = await this.#files.look(row)
    if (damage === blockDamage.none) return lease
    lease.release()
    if (row.damage === blockDamage.none) this.#watcher.damaged(hash)
    const what =
      damage === blockDamage.missing ? 'has lost its file' : 'is damaged: its bytes have another hash'
    throw new TorcError('CORRUPT', `block ${name} ${what}`)
  }

  /**
   * What only somebody can say who has the block's bytes: their digest behind `challenge`. Undefined where the block
   * is not here, or has another size. Whether the bytes are still what the hash says is looked at only where `check`
   * is set: the digest is compared with that of a client, and equals it only where they are.
   */
  async prove(
    hash: Uint8Array,
    size: number,
    challenge: Uint8Array,
    check: boolean,
  ): Promise<Uint8Array | undefined> {
    const row = this.#index.find(hash)
    if (row?.size !== size) return undefined
    try {
      const lease = check ? await this.read(hash) : (await this.#files.contents(row))?.lease
      const proof = lease?.bytes.length === size ? this.#hasher.sha256(challenge, lease.bytes) : undefined
      lease?.release()
      if (proof === undefined) this.#watcher.damaged(hash)
      return proof
    } catch (thrown) {
      const { code } = TorcError.from(thrown)
      if (code !== 'CORRUPT' && code !== 'UNAVAILABLE') throw thrown
      return undefined
    }
  }

  /**
   * Reads the block's file in the block's turn, so that no write crosses it, and keeps what was found in its row
   * (where the disk is not too full for that).
   */
  check(hash: Uint8Array): Promise<BlockCheck> {
    const name = blockName(hash)
    return this.#turns.take(name, async () => {
      const row = this.#index.find(hash)
      if (row === undefined) return { state: 'gone', bytesRead: 0, known: false }
      const { lease, damage, storedSize } = await this.#files.look(row)
      lease.release()
      const known = damage === row.damage
      const isOther = damage === blockDamage.none && storedSize !== row.storedSize
      if (!known || isOther) await this.#note(row, damage, isOther ? storedSize : row.storedSize)
      return { state: stateNames[damage], bytesRead: storedSize, known }
    })
  }

  /**
   * Gives a damaged block its bytes back, in the block's turn. False when there is nothing to repair any more: its
   * row is gone, or a writer brought it meanwhile. CHECKSUM when `bytes` are not the block's.
   */
  repair(hash: Uint8Array, bytes: Uint8Array): Promise<boolean> {
    const name = blockName(hash)
    return this.#turns.take(name, async () => {
      const row = this.#index.find(hash)
      if (row === undefined) return false
      if (await this.#isSound(row)) {
        if (row.damage !== blockDamage.none) await this.#note(row, blockDamage.none, row.storedSize)
        return false
      }
      if (Buffer.compare(this.#hasher.sha256(bytes), hash) !== 0)
        throw new TorcError('CHECKSUM', `the bytes that came to repair block ${name} have another hash`)
      // The file before the row, as in `put`: a crash in between leaves a sound block that is checked again.
      const { storedSize } = await this.#files.rewrite(row, [bytes])
      await this.#commit.submit(() => this.#keep(row, blockDamage.none, storedSize))
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
      const hash = Buffer.from(name, 'hex')
      return this.#index.sizeOf(hash) === undefined && (await this.#files.delete(hash))
    })
  }

  /**
   * Removes a block that nobody needs, in its turn, so that no write crosses it. The row before the file: a crash in
   * between leaves a file without a row, which the next start removes. Returns whether it went.
   */
  collect(block: BlockRow): Promise<boolean> {
    const name = blockName(block.hash)
    return this.#turns.take(name, async () => {
      const gone = await this.#commit.submit(() => this.#index.removeUnreferenced(block))
      if (gone) await this.#files.delete(block.hash)
      return gone
    })
  }

  async #note(row: BlockRow, damage: BlockDamage, storedSize: number): Promise<void> {
    try {
      await this.#commit.submit(() => this.#keep(row, damage, storedSize))
    } catch (thrown) {
      // A full disk must not keep blocks from being checked: the next look finds the same.
      if (TorcError.from(thrown).code !== 'DISK_FULL') throw thrown
    }
  }

  #keep(row: BlockRow, damage: BlockDamage, storedSize: number): void {
    this.#index.setDamage(row.hash, damage)
    this.#index.setStoredSize(row, storedSize)
  }

  /** Whether the block's file is whole: a retry heals one that is damaged. */
  async #isSound(row: BlockRow): Promise<boolean> {
    const { lease, damage } = await this.#files.look(row)
    lease.release()
    return damage === blockDamage.none
  }

  async #receive(hash: Uint8Array, name: string, size: number, body: IncomingBody): Promise<Lease[]> {
    const digest = this.#hasher.stream()
    const leases: Lease[] = []
    let received = 0
    for await (const lease of leasesOf(body)) {
      received += lease.bytes.length
      if (received > size)
        throw new TorcError('CHECKSUM', `block ${name} is longer than the ${size} bytes announced`)
      digest.update(lease.bytes)
      leases.push(lease)
    }
    if (received < size)
      throw new TorcError('CHECKSUM', `block ${name} ended after ${received} of ${size} bytes`)
    if (Buffer.compare(digest.digest(), hash) !== 0) {
      throw new TorcError('CHECKSUM', `the bytes that came for block ${name} have another hash`)
    }
    return leases
  }
}

const stateNames = {
  [blockDamage.none]: 'sound',
  [blockDamage.missing]: 'missing',
  [blockDamage.corrupt]: 'corrupt',
} as const
