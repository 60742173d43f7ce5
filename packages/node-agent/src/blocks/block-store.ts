import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingBody } from '@torc/protocol/exchange/exchange'
import { leasesOf } from '@torc/protocol/exchange/leases-of'
import { BufferPool } from '@torc/protocol/frames/buffer-pool'
import { type Lease, partOf, unleased } from '@torc/protocol/frames/lease'
import { limits } from '@torc/protocol/limits'
import { blocksFolder } from '../data-directory/data-directory.js'
import type { Disk } from '../disk/disk.js'
import type { GroupCommit } from '../index/group-commit.js'
import { type BlockDamage, type BlockIndex, type BlockOwner, blockDamage } from './block-index.js'
import { Turns } from './turns.js'

/** Blocks that are taken in at once: bounds memory at this many blocks; the other senders wait at their windows. */
const writesMax = 8
/** Blocks that are referred to in one transaction: few enough to keep the event loop's turn short. */
const referencesAtOnce = 64
/** Room for blocks that are read, up to those that are cut by content, and what is kept of it for the next readers. */
const readBuffers = { bufferBytes: 2 * limits.blockBytes, freeBytesMax: 8 * limits.blockBytes } as const

/** What a look at a block's file gave. */
export interface BlockCheck {
  /** `gone`: there is no row of it (any more). */
  readonly state: 'sound' | 'missing' | 'corrupt' | 'gone'
  readonly bytesRead: number
  /** The block's row said so already. */
  readonly known: boolean
}

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
  readonly #buffers = new BufferPool(readBuffers)
  #watcher: BlockWatcher = { damaged: () => undefined, healed: () => undefined }

  constructor(disk: Disk, index: BlockIndex, commit: GroupCommit, hasher: Hasher) {
    this.#disk = disk
    this.#index = index
    this.#commit = commit
    this.#hasher = hasher
  }

  /**
   * Stores the block that `body` brings, and that `owner` needs it. Durable when the promise resolves, in this
   * order: the file, then its row and the reference; a crash in between leaves a file without a row, never a row
   * without a file. Resolves with whether the block was here already. CHECKSUM when the bytes that arrived are
   * not what `hash` says.
   */
  async put(hash: Uint8Array, size: number, owner: BlockOwner, body: IncomingBody): Promise<boolean> {
    const name = nameOf(hash)
    return this.#turns.take(name, async () => {
      const known = this.#index.sizeOf(hash) !== undefined
      const had = known && (await this.#isSound(hash, name))
      if (had) body.discard()
      else await this.#write(hash, name, size, body)
      await this.#commit.submit(() => this.#index.add(hash, size, owner))
      if (known && !had) this.#watcher.healed(hash)
      return had
    })
  }

  /**
   * Adds references to blocks that are here, row and file; durable when the promise resolves with the positions of
   * the others. Of the files only the sizes are looked at: who reads a block checks its bytes.
   */
  async refer(hashes: readonly Uint8Array[], owner: BlockOwner): Promise<number[]> {
    const missing: number[] = []
    for (let start = 0; start < hashes.length; start += referencesAtOnce) {
      const part = hashes.slice(start, start + referencesAtOnce)
      const here = await Promise.all(part.map(hash => this.#hasFile(hash)))
      // A transaction that is undone runs again: what it finds is collected once it is durable.
      const lacking = await this.#commit.submit(() => {
        const lost: number[] = []
        for (const [i, hash] of part.entries()) {
          if (here[i] !== true || !this.#index.refer(hash, owner)) lost.push(start + i)
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
   * The whole block, checked against its hash, to be released by whoever gets it. UNAVAILABLE when this agent does not have it, CORRUPT when its file
   * is lost or other than it was: another owner has it.
   */
  async read(hash: Uint8Array): Promise<Lease> {
    const name = nameOf(hash)
    const row = this.#index.find(hash)
    if (row === undefined) throw new TorcError('UNAVAILABLE', `block ${name} is not on this agent`)
    const { lease, damage } = await this.#look(hash, name)
    if (damage === blockDamage.none) return lease
    lease.release()
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
      const { lease, damage } = await this.#look(hash, name)
      const bytesRead = lease.bytes.length
      lease.release()
      const known = damage === row.damage
      if (!known) await this.#note(hash, damage)
      return { state: stateNames[damage], bytesRead, known }
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
    const { lease, damage } = await this.#look(hash, name)
    lease.release()
    return damage === blockDamage.none
  }

  /** What the file is like now. A medium that cannot read it is damage too. */
  async #look(hash: Uint8Array, name: string): Promise<{ lease: Lease; damage: BlockDamage }> {
    let lease = nothing
    const room = (size: number): Uint8Array => {
      lease = this.#buffers.lease(size)
      return lease.bytes
    }
    let bytes: Uint8Array | undefined
    try {
      bytes = await this.#disk.readFile(pathOf(name), room)
    } catch (thrown) {
      if (TorcError.from(thrown).code !== 'CORRUPT') throw thrown
      return { lease: nothing, damage: blockDamage.corrupt }
    }
    if (bytes === undefined) return { lease: nothing, damage: blockDamage.missing }
    const sound = Buffer.compare(this.#hasher.sha256(bytes), hash) === 0
    return { lease: partOf(lease, 0, bytes.length), damage: sound ? blockDamage.none : blockDamage.corrupt }
  }

  async #write(hash: Uint8Array, name: string, size: number, body: IncomingBody): Promise<void> {
    const leases = await this.#receive(hash, name, size, body)
    await this.#disk.writeFile(
      pathOf(name),
      leases.map(({ bytes }) => bytes),
    )
    for (const lease of leases) lease.release()
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

const nothing = unleased(new Uint8Array(0))

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
