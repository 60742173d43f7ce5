import { base32 } from '@torc/protocol/identifiers/base32'
import { addDot, type CausalContext } from '../clocks/causal-context.js'
import { compareDots, type Dot } from '../clocks/dot.js'

/** A piece of a body that is not stored inline. */
export interface BlockReference {
  /** SHA-256, 32 bytes. */
  readonly hash: Uint8Array
  readonly size: number
}

/** One immutable version of a key. Its inline body, if any, is kept beside it. */
export interface Version {
  readonly dot: Dot
  /** Its actor's previous counter for this key (DESIGN §4, "Deltas and gaps"). */
  readonly after: number
  /** What people name it by; derived from `opId`. */
  readonly id: string
  /** What it covers; never its own dot. */
  readonly context: CausalContext
  readonly kind: 'object' | 'marker'
  /** Bytes of the body; 0 for markers. */
  readonly size: number
  readonly etag: string
  /** Of the body, 32 bytes. */
  readonly sha256: Uint8Array
  readonly contentType: string
  readonly metadata: readonly (readonly [name: string, value: string])[]
  /** Hybrid clock. */
  readonly createdAt: number
  /** 1 + the greatest it covers. */
  readonly seq: number
  /** The client's, 16 bytes; the same in every attempt of one write. */
  readonly opId: Uint8Array
  /** Undefined: the body is stored inline, or there is none. */
  readonly blocks: readonly BlockReference[] | undefined
  /**
   * How many of the blocks each part has, of an object that was uploaded in parts; its `sha256` is that of the digests
   * of the parts.
   */
  readonly partBlocks?: readonly number[] | undefined
  /** Tags that it was made with; what became of them since is in its registers. Absent = none. */
  readonly tags?: readonly (readonly [name: string, value: string])[] | undefined
  /**
   * It was made where the bucket kept no versions (S3's null version): the next such version takes its place. Absent =
   * no.
   */
  readonly isNull?: true | undefined
}

/** Sizes of the parts of an object that was uploaded in parts. */
export function partSizesOf({ blocks = [], partBlocks }: Version): number[] | undefined {
  let at = 0
  return partBlocks?.map(count => {
    let size = 0
    for (const end = at + count; at < end; at++) size += blocks[at]?.size ?? 0
    return size
  })
}

/** Lower-case base32 without padding: 26 characters of the 16-byte `opId`. */
export function versionIdOf(opId: Uint8Array): string {
  return base32(opId)
}

/** Newest first: by `createdAt`, then dot (DESIGN §4: hybrid clock, then dot). */
export function compareVersions(a: Version, b: Version): number {
  return b.createdAt - a.createdAt || compareDots(b.dot, a.dot)
}

/**
 * What the writer of `version` may cover next: what the version covered, and the version itself, but none
 * of the siblings that its minter held, which the writer never saw.
 */
export function contextAfterWrite(version: Version): CausalContext {
  return addDot(version.context, version.dot, version.after)
}
