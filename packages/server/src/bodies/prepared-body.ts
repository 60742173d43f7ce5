import type { BlockReference } from '@torc/cluster/state/version'
import { makeCutter } from '@torc/protocol/cutting/make-cutter'
import { TorcError } from '@torc/protocol/errors'
import { leasesOf } from '@torc/protocol/exchange/leases-of'
import type { Lease } from '@torc/protocol/frames/lease'
import { limits } from '@torc/protocol/limits'
import { FillingPlace } from '@torc/protocol/store/filling-place'
import type { Coordination } from '../core/coordination.js'
import { BlockClaim } from './block-claim.js'
import { BlockCutter, type CutBlock } from './block-cutter.js'
import type { BlockUse } from './block-owners.js'
import { BlockReferences } from './block-references.js'
import { type WrittenBlock, writeBlock } from './block-writer.js'
import type { BodySource } from './body-source.js'
import { bytesOf } from './pieces.js'

/** A body that is ready for a version: inline, or as blocks that W agents each have on stable storage. */
export interface PreparedBody {
  readonly size: number
  readonly sha256: Uint8Array
  readonly inline: readonly Uint8Array[] | undefined
  /** 32-byte hashes, one after the other. */
  readonly blocks: Uint8Array | undefined
  readonly blockSizes: number[] | undefined
  /** What holds the blocks until the version exists; undefined without blocks. */
  readonly claim: BlockClaim | undefined
  /** Blocks of each part, of an object that was uploaded in parts. */
  readonly partBlocks?: readonly number[] | undefined
  /** Bytes of blocks that W of their owners had before, and of those that occur again in the body. */
  readonly deduplicatedBytes: number
}

/**
 * Reads a body to its end. Up to `inlineBytesMax` stay here and travel with the version; more is cut in blocks that go
 * to their owners while the rest still comes. The whole is checked against its announced size (BAD_REQUEST) and
 * digest (CHECKSUM) before any version exists.
 */
export function prepareBody(
  c: Coordination,
  source: BodySource,
  use: BlockUse,
  inlineBytesMax: number = limits.storedInlineBytesMax,
): PreparedBody | Promise<PreparedBody> {
  const { pieces } = source
  if (pieces !== undefined) {
    const size = bytesOf(pieces)
    checkSize(source, size)
    if (size <= inlineBytesMax) {
      const sha256 = c.environment.hasher.sha256(...pieces)
      checkDigest(source, sha256)
      return inlineBody(pieces, size, sha256)
    }
  }
  if (source.size !== undefined && source.size > limits.objectBytesMax) throw tooLarge(source.size)
  return new BodyIntake(c, source, use, inlineBytesMax).run(
    leasesOf(source.stream ?? (pieces as readonly Uint8Array[])),
  )
}

/** A body in hand that is larger than what is stored inline, or a stream. */
class BodyIntake {
  readonly #c: Coordination
  readonly #source: BodySource
  readonly #use: BlockUse
  readonly #claim: BlockClaim
  readonly #inlineBytesMax: number
  readonly #references: BlockReferences
  readonly #cutter: BlockCutter
  readonly #place: FillingPlace
  readonly #hashes: Uint8Array[] = []
  readonly #sizes: number[] = []
  readonly #writing: Promise<void>[] = []
  /** Blocks that were given away, by their hash in hexadecimal: of equal ones in a body, one is written. */
  readonly #written = new Map<string, Promise<WrittenBlock>>()
  /** The digest of the whole, begun with the second block: of a single block it is the block's own. */
  #digest: ReturnType<Coordination['environment']['hasher']['stream']> | undefined
  #held: CutBlock | undefined
  #size = 0
  #deduplicatedBytes = 0
  #failure: TorcError | undefined

  constructor(c: Coordination, source: BodySource, use: BlockUse, inlineBytesMax: number) {
    this.#c = c
    this.#source = source
    this.#use = use
    this.#inlineBytesMax = inlineBytesMax
    this.#cutter = new BlockCutter(makeCutter(use.bucket.cutting))
    this.#claim = new BlockClaim(c, use)
    this.#references = new BlockReferences(c, use, this.#claim)
    this.#place = new FillingPlace(c.fillBudget, c.environment.clock)
  }

  async run(pieces: AsyncIterable<Lease>): Promise<PreparedBody> {
    try {
      return await this.#run(pieces)
    } finally {
      this.#place.leave()
    }
  }

  async #run(pieces: AsyncIterable<Lease>): Promise<PreparedBody> {
    const small: Lease[] = []
    for await (const piece of pieces) {
      this.#size += piece.bytes.length
      this.#checkGrowth()
      if (this.#size <= this.#inlineBytesMax) {
        small.push(piece)
        continue
      }
      for (const first of small.splice(0)) await this.#take(first)
      await this.#take(piece)
    }
    checkSize(this.#source, this.#size)
    if (this.#size <= this.#inlineBytesMax) return this.#inline(small.map(({ bytes }) => bytes))
    return this.#finish()
  }

  #inline(pieces: readonly Uint8Array[]): PreparedBody {
    const sha256 = this.#c.environment.hasher.sha256(...pieces)
    checkDigest(this.#source, sha256)
    return inlineBody(pieces, this.#size, sha256)
  }

  async #take(piece: Lease): Promise<void> {
    for (const block of this.#cutter.push(piece)) await this.#dispatch(block)
    if (this.#cutter.pendingBytes === 0) return
    await this.#letFirstGo()
    const waiting = this.#place.take()
    if (waiting !== undefined) await waiting
  }

  /** Another block follows the first, which then need not wait any longer: it has its memory. */
  async #letFirstGo(): Promise<void> {
    const first = this.#held
    if (first === undefined) return
    this.#held = undefined
    this.#digest = this.#c.environment.hasher.stream()
    for (const { bytes } of first.leases) this.#digest.update(bytes)
    await this.#send(first, this.#hash(first))
  }

  /** Waits for a place, so that a fast client is held back by slow agents, then lets the block go. */
  async #dispatch(block: CutBlock): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const first = this.#sizes.length === 0 && this.#held === undefined
    if (first) {
      this.#held = block
      return
    }
    await this.#letFirstGo()
    for (const { bytes } of block.leases) this.#digest?.update(bytes)
    await this.#send(block, this.#hash(block))
  }

  #hash(block: CutBlock): Uint8Array {
    return this.#c.environment.hasher.sha256(...block.leases.map(({ bytes }) => bytes))
  }

  async #send(block: CutBlock, hash: Uint8Array): Promise<void> {
    this.#hashes.push(hash)
    this.#sizes.push(block.size)
    const name = Buffer.from(hash).toString('hex')
    const equal = this.#written.get(name)
    if (equal !== undefined) {
      for (const lease of block.leases) lease.release()
      this.#place.leave()
      this.#follow(equal.then(() => block.size))
      return
    }
    this.#place.filled()
    const { writeBudget: budget } = this.#c
    const place = budget.acquire()
    if (place !== undefined) await place
    this.#place.leave()
    if (this.#failure !== undefined) {
      budget.release()
      throw this.#failure
    }
    const release = (): void => budget.release()
    const written = writeBlock(this.#c, this.#use, this.#references, hash, block, release)
    this.#written.set(name, written)
    this.#follow(written.then(({ had }) => (had ? block.size : 0)))
  }

  /** `writing` resolves with the bytes that the cluster had already. */
  #follow(writing: Promise<number>): void {
    this.#writing.push(
      writing.then(
        bytes => {
          this.#deduplicatedBytes += bytes
        },
        (error: unknown) => {
          this.#failure ??= TorcError.from(error)
        },
      ),
    )
  }

  async #finish(): Promise<PreparedBody> {
    const last = this.#cutter.finish()
    if (last !== undefined) await this.#dispatch(last)
    const only = this.#held
    if (only !== undefined) await this.#send(only, this.#hash(only))
    const sha256 = this.#digest?.digest() ?? this.#hashes[0]
    await Promise.all(this.#writing)
    if (this.#failure !== undefined) throw this.#failure
    if (sha256 === undefined) throw new TorcError('INTERNAL', 'a body in blocks has no block')
    checkDigest(this.#source, sha256)
    return {
      size: this.#size,
      sha256,
      inline: undefined,
      blocks: Buffer.concat(this.#hashes),
      blockSizes: this.#sizes,
      claim: this.#claim,
      deduplicatedBytes: this.#deduplicatedBytes,
    }
  }

  /** Refuses a body that outgrows its announcement or the largest object before reading on. */
  #checkGrowth(): void {
    if (this.#size > limits.objectBytesMax) throw tooLarge(this.#size)
    const announced = this.#source.size
    if (announced !== undefined && this.#size > announced) throw wrongSize(announced, 'more')
  }
}

/** A body that travels with its version. */
export function inlineBody(pieces: readonly Uint8Array[], size: number, sha256: Uint8Array): PreparedBody {
  const inBlocks = { blocks: undefined, blockSizes: undefined, claim: undefined, deduplicatedBytes: 0 }
  return { size, sha256, inline: pieces, ...inBlocks }
}

/** The blocks of a body, in order. */
export function blocksOf({ blocks, blockSizes = [] }: PreparedBody): BlockReference[] {
  if (blocks === undefined) return []
  return blockSizes.map((size, i) => ({ hash: blocks.subarray(i * hashBytes, (i + 1) * hashBytes), size }))
}

const hashBytes = 32

function checkSize(source: BodySource, size: number): void {
  if (source.size !== undefined && source.size !== size) throw wrongSize(source.size, String(size))
}

function checkDigest(source: BodySource, sha256: Uint8Array): void {
  const announced = source.sha256()
  if (announced === undefined || Buffer.compare(announced, sha256) === 0) return
  throw new TorcError('CHECKSUM', 'the body that arrived has another SHA-256 than the one that was announced')
}

function wrongSize(announced: number, came: string): TorcError {
  return new TorcError('BAD_REQUEST', `the body has ${came} bytes where ${announced} were announced`)
}

function tooLarge(size: number): TorcError {
  return new TorcError('TOO_LARGE', `an object of ${size} bytes; at most ${limits.objectBytesMax} are stored`)
}
