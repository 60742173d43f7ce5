import type { BlockReference, Version } from '@torc/cluster/state/version'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { NamedPart } from '@torc/protocol/store/multipart'
import type { CopiedBody } from '../bodies/block-copier.js'
import type { PartRecord } from './part-records.js'

/** INVALID_PART unless there is a part, and each has a higher number than the one before. */
export function checkOrder(parts: readonly NamedPart[]): void {
  let before = 0
  for (const { partNumber } of parts) {
    if (!Number.isSafeInteger(partNumber) || partNumber <= before)
      throw invalid(partNumber, `part ${partNumber} comes after part ${before}`)
    before = partNumber
  }
  if (parts.length === 0) throw new TorcError('INVALID_PART', 'an object needs at least one part')
  if (before > limits.objectPartsMax)
    throw invalid(before, `parts are numbered up to ${limits.objectPartsMax}`)
}

/**
 * Picks the parts that are named (in order) out of all that there are (in order, page by page). INVALID_PART for one
 * that is not there or has another etag, TOO_LARGE as soon as they are more than an object may be. Pure.
 */
export class PartSelection {
  readonly #wanted: readonly NamedPart[]
  readonly #chosen: Version[] = []
  #size = 0
  #blocks = 0

  constructor(wanted: readonly NamedPart[]) {
    this.#wanted = wanted
  }

  /** False when no more are needed. */
  take(parts: readonly PartRecord[]): boolean {
    for (const { partNumber, version } of parts) {
      const wanted = this.#wanted[this.#chosen.length]
      if (wanted === undefined) return false
      if (partNumber > wanted.partNumber) throw missing(wanted)
      if (partNumber === wanted.partNumber) this.#choose(wanted, version)
    }
    return true
  }

  finish(): readonly Version[] {
    const wanted = this.#wanted[this.#chosen.length]
    if (wanted !== undefined) throw missing(wanted)
    return this.#chosen
  }

  #choose({ partNumber, etag }: NamedPart, version: Version): void {
    if (version.etag !== etag)
      throw invalid(partNumber, `part ${partNumber} has the etag ${version.etag}, not ${etag}`)
    this.#size += version.size
    this.#blocks += version.blocks?.length ?? 0
    if (this.#size > limits.objectBytesMax) {
      throw new TorcError(
        'TOO_LARGE',
        `the parts up to ${partNumber} have ${this.#size} bytes; an object may have ${limits.objectBytesMax}`,
      )
    }
    if (this.#blocks > limits.objectBlocksMax) {
      throw new TorcError(
        'TOO_LARGE',
        `the parts up to ${partNumber} have ${this.#blocks} blocks; an object may have ${limits.objectBlocksMax}`,
        { hint: 'Upload fewer and larger parts.' },
      )
    }
    this.#chosen.push(version)
  }
}

/** The body that parts have together. */
export function joinParts(hasher: Hasher, parts: readonly Version[]): CopiedBody {
  const blocks: BlockReference[] = []
  for (const part of parts) for (const block of part.blocks ?? []) blocks.push(block)
  return {
    size: parts.reduce((sum, { size }) => sum + size, 0),
    sha256: hasher.sha256(...parts.map(({ sha256 }) => sha256)),
    blocks,
    partBlocks: parts.map(part => part.blocks?.length ?? 0),
  }
}

function missing({ partNumber }: NamedPart): TorcError {
  return invalid(partNumber, `there is no part ${partNumber}`)
}

function invalid(partNumber: number, why: string): TorcError {
  return new TorcError('INVALID_PART', why, { details: { partNumber } })
}
