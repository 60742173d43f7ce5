import type { BlockReference, Version } from '@torc/cluster/state/version'
import type { Coordination } from '../core/coordination.js'
import { collectWriteAcks } from '../quorum/collect-write-acks.js'
import type { WriteTarget } from '../quorum/write-quorum.js'
import { type AskedOwners, askOwners } from './ask-owners.js'
import { BlockClaim } from './block-claim.js'
import { type BlockUse, putBlock, tooFewBlockOwners } from './block-owners.js'
import { type BlockSource, fetchBlock } from './block-reader.js'
import { BlockReferences } from './block-references.js'
import type { PreparedBody } from './prepared-body.js'

/** Whose blocks they are, as long as the use is not theirs. */
export type CopiedFrom = Pick<BlockSource, 'bucket' | 'key' | 'opId'>

/** A version's body, or that of one that is put together of others. */
export type CopiedBody = Pick<Version, 'blocks' | 'size' | 'sha256' | 'partBlocks'>

/**
 * Makes a version's blocks the copy's too. Else no body moves. UNAVAILABLE when W owners of a block can't be reached
 * or a block is gone: no version exists yet, so nothing is indeterminate.
 */
export async function copyBlocks(
  c: Coordination,
  use: BlockUse,
  from: CopiedFrom,
  version: CopiedBody,
): Promise<PreparedBody> {
  const list = version.blocks ?? []
  const claim = new BlockClaim(c, use)
  const sent = await referToBlocks(c, use, claim, from, list)
  return {
    size: version.size,
    sha256: version.sha256,
    inline: undefined,
    blocks: Buffer.concat(list.map(({ hash }) => hash)),
    blockSizes: list.map(({ size }) => size),
    claim,
    partBlocks: version.partBlocks,
    deduplicatedBytes: list.reduce((sum, block) => (sent.has(nameOf(block)) ? sum : sum + block.size), 0),
  }
}

/**
 * Sees to it that W owners of each block refer to it for `use`. Owners that lack a block (another bucket may have fewer
 * replicas) get it from one that has it. Resolves with the names of those that had to be sent.
 */
export async function referToBlocks(
  c: Coordination,
  use: BlockUse,
  claim: BlockClaim,
  from: CopiedFrom,
  list: readonly BlockReference[],
): Promise<ReadonlySet<string>> {
  const blocks = new Map<string, BlockReference>()
  for (const block of list) blocks.set(nameOf(block), block)
  return await new BlockCopier(c, use, claim, from).run([...blocks.values()])
}

function nameOf({ hash }: BlockReference): string {
  return Buffer.from(hash).toString('hex')
}

class BlockCopier {
  readonly #c: Coordination
  readonly #use: BlockUse
  readonly #from: CopiedFrom
  readonly #references: BlockReferences
  readonly #sent = new Set<string>()
  /** Nobody waits for the copy any more. */
  #over = false

  constructor(c: Coordination, use: BlockUse, claim: BlockClaim, from: CopiedFrom) {
    this.#c = c
    this.#use = use
    this.#from = from
    this.#references = new BlockReferences(c, use, claim)
  }

  /** The blocks that had to be sent. */
  async run(blocks: readonly BlockReference[]): Promise<ReadonlySet<string>> {
    try {
      await Promise.all(blocks.map(block => this.#one(block)))
    } finally {
      this.#over = true
    }
    return this.#sent
  }

  async #one(block: BlockReference): Promise<void> {
    const asked = await askOwners(this.#c, this.#use, this.#references, block.hash)
    if (asked.held) return
    const place = this.#c.writeBudget.acquire()
    if (place !== undefined) await place
    if (this.#over) this.#c.writeBudget.release()
    else await this.#send(block, asked)
  }

  /** Holds its place of the budget until no request holds the block's memory. */
  async #send(block: BlockReference, asked: AskedOwners): Promise<void> {
    const { needed, plan, have, lacking, errors } = asked
    let settled: Promise<void> = Promise.resolve()
    try {
      const { timeoutMs, signal } = this.#use
      const lent = await fetchBlock(
        this.#c,
        { ...this.#from, timeoutMs, signal },
        block,
        lacking.map(({ agent }) => agent),
      )
      const pieces = lent.map(({ bytes }) => bytes)
      const send = async (target: WriteTarget): Promise<boolean> => {
        await putBlock(this.#c, this.#use, target, block, pieces)
        return true
      }
      const { clock } = this.#c.environment
      const acks = collectWriteAcks(clock, plan, lacking, send, have)
      settled = acks.settled
      this.#sent.add(nameOf(block))
      await acks.decided
      const { verdict, acknowledged } = acks.tally
      if (verdict === 'reached') return
      const unable = [...new Set([...plan.down, ...errors.keys(), ...acks.tally.failed])]
      throw tooFewBlockOwners(have.length + acknowledged.length, needed, unable, acks.errors)
    } finally {
      void settled.then(() => this.#c.writeBudget.release())
    }
  }
}
