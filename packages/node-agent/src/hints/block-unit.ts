import type { Lease } from '@torc/protocol/frames/lease'
import type { BlockStore } from '../blocks/block-store.js'
import type { GroupCommit } from '../index/group-commit.js'
import type { BlockHint } from './block-hints.js'
import { concernsHint, type HintReceiver } from './hint-receiver.js'
import type { Hints } from './hints.js'
import type { UnitResult } from './key-unit.js'

export interface BlockUnitParts {
  readonly target: string
  readonly blocks: BlockStore
  readonly hints: Hints
  readonly commit: GroupCommit
  readonly receiver: HintReceiver
  readonly failed: (error: unknown) => void
}

/** What a reference takes, about. */
const referenceBytes = 64

/** Delivers references to blocks to one target, and the blocks that it lacks. */
export class BlockUnit {
  readonly #parts: BlockUnitParts

  constructor(parts: BlockUnitParts) {
    this.#parts = parts
  }

  /** Delivers some of the hints, in order, until about `bytesMax` were sent. `last`: the one that it came to. */
  async deliver(
    hints: readonly BlockHint[],
    bytesMax: number,
    signal: AbortSignal,
  ): Promise<UnitResult & { readonly last: number | undefined }> {
    const done: BlockHint[] = []
    let bytes = 0
    let last: number | undefined
    try {
      for (const group of byLease(hints)) {
        if (bytes >= bytesMax) break
        const lacking = await this.#refer(group, signal)
        bytes += group.length * referenceBytes
        for (const hint of group) {
          // The first of a unit is sent whatever its size: a unit always gets on.
          if (bytes >= bytesMax && last !== undefined) return { delivered: done.length, bytes, last }
          last = hint.id
          if (lacking === undefined) continue
          if (lacking.has(hint)) {
            if (!(await this.#put(hint, signal))) continue
            bytes += hint.size
          }
          done.push(hint)
        }
      }
      return { delivered: done.length, bytes, last }
    } finally {
      await this.#finish(done)
    }
  }

  async #finish(done: readonly BlockHint[]): Promise<void> {
    const { commit, hints } = this.#parts
    if (done.length > 0) await commit.submit(() => hints.blocks.delivered(done))
  }

  /** Those that the target lacks; undefined where the hints can not be delivered. */
  async #refer(group: readonly BlockHint[], signal: AbortSignal): Promise<Set<BlockHint> | undefined> {
    const [first] = group
    if (first === undefined) return new Set()
    const { receiver, target, failed } = this.#parts
    try {
      const missing = await receiver.refer(
        target,
        first,
        group.map(({ hash }) => hash),
        signal,
      )
      return new Set(missing.flatMap(position => group[position] ?? []))
    } catch (thrown) {
      if (!concernsHint(thrown)) throw thrown
      failed(thrown)
      return undefined
    }
  }

  async #put(hint: BlockHint, signal: AbortSignal): Promise<boolean> {
    const { blocks, receiver, target, failed } = this.#parts
    let bytes: Lease
    try {
      bytes = await blocks.read(hint.hash)
    } catch (thrown) {
      // Damaged here: the scrub, which hears of it, may get it from another owner until the next round.
      failed(thrown)
      return false
    }
    try {
      await receiver.put(target, hint, hint, bytes, signal)
      return true
    } catch (thrown) {
      if (!concernsHint(thrown)) throw thrown
      failed(thrown)
      return false
    }
  }
}

/** Neighbours of one operation go in one question. */
function byLease(hints: readonly BlockHint[]): BlockHint[][] {
  const groups: BlockHint[][] = []
  for (const hint of hints) {
    const last = groups.at(-1)
    if (last?.[0]?.leaseId === hint.leaseId) last.push(hint)
    else groups.push([hint])
  }
  return groups
}
