import type { BlockReference, Version } from '@torc/cluster/state/version'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Coordination } from '../core/coordination.js'
import { type AckCollection, collectAcks } from '../quorum/collect-acks.js'
import {
  type BlockOwners,
  type BlockUse,
  blockOwners,
  putBlock,
  throwIfFutile,
  tooFewBlockOwners,
} from './block-owners.js'
import { fetchBlock } from './block-reader.js'
import { BlockReferences } from './block-references.js'
import type { PreparedBody } from './prepared-body.js'

export interface BlockCopy extends BlockUse {
  readonly source: BucketView
  readonly version: Version
}

/**
 * Makes a version's blocks the copy's too: W owners of each refer to it. Owners that lack a block (another bucket may
 * have fewer replicas) get it from one that has it; else no body moves. UNAVAILABLE when W can't be reached or a
 * block is gone: no version exists yet, so nothing is indeterminate.
 */
export async function copyBlocks(c: Coordination, copy: BlockCopy): Promise<PreparedBody> {
  const { version } = copy
  const list = version.blocks ?? []
  const blocks = new Map<string, BlockReference>()
  for (const block of list) blocks.set(nameOf(block), block)
  const sent = await new BlockCopier(c, copy).run([...blocks.values()])
  return {
    size: version.size,
    sha256: version.sha256,
    inline: undefined,
    blocks: Buffer.concat(list.map(({ hash }) => hash)),
    blockSizes: list.map(({ size }) => size),
    deduplicatedBytes: list.reduce((sum, block) => (sent.has(nameOf(block)) ? sum : sum + block.size), 0),
  }
}

function nameOf({ hash }: BlockReference): string {
  return Buffer.from(hash).toString('hex')
}

class BlockCopier {
  readonly #c: Coordination
  readonly #copy: BlockCopy
  readonly #references: BlockReferences
  readonly #sent = new Set<string>()
  /** Nobody waits for the copy any more. */
  #over = false

  constructor(c: Coordination, copy: BlockCopy) {
    this.#c = c
    this.#copy = copy
    this.#references = new BlockReferences(c, copy)
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
    const owners = blockOwners(this.#c, this.#copy, block.hash)
    const acks = collectAcks(owners.needed, owners.live, agent => this.#references.add(agent, block.hash))
    await acks.decided
    if (acks.tally.verdict === 'reached') return
    throwIfFutile(acks.errors)
    // Who lacks it is known when all have answered.
    await acks.settled
    throwIfFutile(acks.errors)
    const place = this.#c.writeBudget.acquire()
    if (place !== undefined) await place
    if (this.#over) this.#c.writeBudget.release()
    else await this.#send(block, owners, acks)
  }

  /** Holds its place of the budget until no request holds the block's memory. */
  async #send(block: BlockReference, { needed, down }: BlockOwners, asked: AckCollection): Promise<void> {
    const { acknowledged: have, failed } = asked.tally
    const lacking = failed.filter(agent => !asked.errors.has(agent))
    let settled: Promise<void> = Promise.resolve()
    try {
      if (have.length + lacking.length < needed)
        throw tooFewBlockOwners(have.length, needed, [...down, ...asked.errors.keys()], asked.errors)
      const { source: bucket, version, timeoutMs, signal } = this.#copy
      const lent = await fetchBlock(this.#c, { bucket, version, timeoutMs, signal }, block, lacking)
      const pieces = lent.map(({ bytes }) => bytes)
      const acks = collectAcks(needed - have.length, lacking, async agent => {
        await putBlock(this.#c, this.#copy, agent, block, pieces)
        return true
      })
      settled = acks.settled
      this.#sent.add(nameOf(block))
      await acks.decided
      const { verdict, acknowledged } = acks.tally
      if (verdict === 'reached') return
      const unable = [...down, ...asked.errors.keys(), ...acks.tally.failed]
      throw tooFewBlockOwners(have.length + acknowledged.length, needed, unable, acks.errors)
    } finally {
      void settled.then(() => this.#c.writeBudget.release())
    }
  }
}
