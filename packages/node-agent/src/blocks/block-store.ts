import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingBody } from '@torc/protocol/exchange/exchange'
import { blocksFolder } from '../data-directory/data-directory.js'
import type { Disk } from '../disk/disk.js'
import type { GroupCommit } from '../index/group-commit.js'
import type { BlockIndex, BlockOwner } from './block-index.js'
import { Turns } from './turns.js'

/** Blocks that are taken in at once: bounds memory at this many blocks; the other senders wait at their windows. */
const writesMax = 8
/** Blocks that are referred to in one transaction: few enough to keep the event loop's turn short. */
const referencesAtOnce = 64

/** Content-addressed blocks in files, `blocks/ab/HASH`, where `ab` is the hash's first byte. */
export class BlockStore {
  readonly #disk: Disk
  readonly #index: BlockIndex
  readonly #commit: GroupCommit
  readonly #hasher: Hasher
  readonly #turns = new Turns(writesMax)

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
    const name = Buffer.from(hash).toString('hex')
    return this.#turns.take(name, async () => {
      const had = await this.#isSound(hash, name)
      if (had) body.discard()
      else await this.#disk.writeFile(pathOf(name), await this.#receive(hash, name, size, body))
      await this.#commit.submit(() => this.#index.add(hash, size, owner))
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
    return (await this.#disk.fileSize(pathOf(Buffer.from(hash).toString('hex')))) === size
  }

  /**
   * The whole block, checked against its hash. UNAVAILABLE when this agent does not have it, CORRUPT when its file
   * is lost or other than it was: another owner has it.
   */
  async read(hash: Uint8Array): Promise<Uint8Array> {
    const name = Buffer.from(hash).toString('hex')
    if (this.#index.sizeOf(hash) === undefined)
      throw new TorcError('UNAVAILABLE', `block ${name} is not on this agent`)
    const bytes = await this.#disk.readFile(pathOf(name))
    if (bytes === undefined) throw new TorcError('CORRUPT', `block ${name} has lost its file`)
    if (Buffer.compare(this.#hasher.sha256(bytes), hash) !== 0) {
      throw new TorcError('CORRUPT', `block ${name} is damaged: its bytes have another hash`)
    }
    return bytes
  }

  /** Whether the block is here whole: a retry heals one that is damaged. */
  async #isSound(hash: Uint8Array, name: string): Promise<boolean> {
    if (this.#index.sizeOf(hash) === undefined) return false
    const bytes = await this.#disk.readFile(pathOf(name))
    return bytes !== undefined && Buffer.compare(this.#hasher.sha256(bytes), hash) === 0
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

function pathOf(name: string): string {
  return `${blocksFolder}/${name.slice(0, 2)}/${name}`
}
