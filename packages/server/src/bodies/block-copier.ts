import type { BlockReference, Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import { isStaleLayout } from '../agents/agents.js'
import type { BucketView } from '../buckets/bucket-record.js'
import { addressFields, type Coordination } from '../core/coordination.js'
import { blockAttemptMs, Deadline } from '../core/deadline.js'
import type { Layout } from '../layout/layout.js'
import { collectAcks, describeErrors } from '../quorum/collect-acks.js'
import { effectiveQuorum, planTargets } from '../quorum/targets.js'
import { fetchBlock } from './block-reader.js'
import type { PreparedBody } from './prepared-body.js'

/** Hashes in one request. */
const hashesPerRequest = 4096

export interface BlockCopy {
  readonly source: BucketView
  readonly bucket: BucketView
  readonly version: Version
  readonly opId: Uint8Array
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** A block of the copy: who of its owners here have it and refer to it, who lack it. */
interface CopiedBlock {
  readonly block: BlockReference
  readonly needed: number
  readonly have: string[]
  readonly lack: string[]
  /** Owners that are out of reach or failed. */
  readonly failed: Set<string>
}

/**
 * Makes a version's blocks the copy's too: W owners of each refer to it. Owners that lack a block (another bucket may
 * have fewer replicas) get it from one that has it; else no body moves. UNAVAILABLE when W can't be reached or a
 * block is gone: no version exists yet, so nothing is indeterminate.
 */
export async function copyBlocks(c: Coordination, copy: BlockCopy): Promise<PreparedBody> {
  const { version } = copy
  const references = version.blocks ?? []
  const layout = c.layouts.require()
  const blocks = new Map<string, CopiedBlock>()
  for (const block of references) {
    const name = Buffer.from(block.hash).toString('hex')
    if (!blocks.has(name)) blocks.set(name, plan(c, copy, layout, block))
  }
  const errors = new Map<string, TorcError>()
  await referAll(c, copy, layout, [...blocks.values()], errors)
  const short = [...blocks.values()].filter(({ have, needed }) => have.length < needed)
  await sendAll(c, copy, layout, short, errors)
  const sent = new Set(short.map(({ block }) => block.hash))
  return {
    size: version.size,
    sha256: version.sha256,
    inline: undefined,
    blocks: Buffer.concat(references.map(({ hash }) => hash)),
    blockSizes: references.map(({ size }) => size),
    deduplicatedBytes: references.reduce((sum, { hash, size }) => (sent.has(hash) ? sum : sum + size), 0),
  }
}

function plan(c: Coordination, copy: BlockCopy, layout: Layout, block: BlockReference): CopiedBlock {
  const owners = layout.owners(layout.partitionOfBlock(block.hash), copy.bucket.replicas)
  const { live, down } = planTargets(owners, agent => c.agents.isAlive(agent))
  const needed = effectiveQuorum(copy.bucket.writeQuorum, owners.length)
  return { block, needed, have: [], lack: [...live], failed: new Set(down) }
}

/** Asks each owner once for all that it owns; over when W have each block, or all have answered. */
async function referAll(
  c: Coordination,
  copy: BlockCopy,
  layout: Layout,
  blocks: readonly CopiedBlock[],
  errors: Map<string, TorcError>,
): Promise<void> {
  const byAgent = new Map<string, CopiedBlock[]>()
  for (const block of blocks) {
    for (const agent of block.lack) {
      const asked = byAgent.get(agent)
      if (asked === undefined) byAgent.set(agent, [block])
      else asked.push(block)
    }
  }
  const deadline = new Deadline(c.environment.clock, copy.timeoutMs, copy.signal)
  await new Promise<void>((resolve, reject) => {
    let open = blocks.length
    let outstanding = byAgent.size
    if (outstanding === 0) resolve()
    const had = (agent: string, block: CopiedBlock): void => {
      block.lack.splice(block.lack.indexOf(agent), 1)
      if (block.have.push(agent) === block.needed && --open === 0) resolve()
    }
    const ask = async (agent: string, asked: readonly CopiedBlock[]): Promise<void> => {
      for (let at = 0; at < asked.length; at += hashesPerRequest) {
        const part = asked.slice(at, at + hashesPerRequest)
        const { head } = await c.agents.request(
          agent,
          'referBlocks',
          {
            ...addressFields(c, layout),
            hashes: Buffer.concat(part.map(({ block }) => block.hash)),
            bucketId: copy.bucket.id,
            opId: copy.opId,
          },
          { timeoutMs: deadline.attempt(blockAttemptMs) },
        )
        c.hybridClock.observe(head.time)
        const missing = new Set(head.missing)
        for (const [i, block] of part.entries()) if (!missing.has(i)) had(agent, block)
      }
    }
    for (const [agent, asked] of byAgent) {
      void ask(agent, asked)
        .catch((thrown: unknown) => {
          const error = TorcError.from(thrown)
          errors.set(agent, error)
          for (const block of asked) {
            if (!block.have.includes(agent)) block.failed.add(agent)
          }
          if (isStaleLayout(error) || error.code === 'CANCELLED') reject(error)
        })
        .finally(() => {
          if (--outstanding === 0) resolve()
        })
    }
  })
}

/** Brings blocks to owners that said that they lack them, a few at a time. */
async function sendAll(
  c: Coordination,
  copy: BlockCopy,
  layout: Layout,
  short: readonly CopiedBlock[],
  errors: Map<string, TorcError>,
): Promise<void> {
  const sending: Promise<void>[] = []
  let failure: unknown
  for (const block of short) {
    await c.writeBudget.acquire()
    if (failure !== undefined) {
      c.writeBudget.release()
      break
    }
    sending.push(
      sendBlock(c, copy, layout, block, errors).catch((error: unknown) => {
        failure ??= error
      }),
    )
  }
  await Promise.all(sending)
  if (failure !== undefined) throw failure
}

/** Holds its place of the budget until no request holds the block's memory. */
async function sendBlock(
  c: Coordination,
  copy: BlockCopy,
  layout: Layout,
  { block, needed, have, lack, failed }: CopiedBlock,
  errors: Map<string, TorcError>,
): Promise<void> {
  const { hash, size } = block
  let settled: Promise<void> = Promise.resolve()
  try {
    const targets = lack.filter(agent => !failed.has(agent))
    if (have.length + targets.length < needed) throw unreachable(have.length, needed, failed, errors)
    const pieces = await fetchBlock(
      c,
      { bucket: copy.source, timeoutMs: copy.timeoutMs },
      hash,
      size,
      copy.signal,
    )
    const deadline = new Deadline(c.environment.clock, copy.timeoutMs, copy.signal)
    const failures = new Map<string, TorcError>()
    const acks = collectAcks(needed - have.length, targets, async agent => {
      const { head } = await c.agents.request(
        agent,
        'putBlock',
        { ...addressFields(c, layout), hash, size, bucketId: copy.bucket.id, opId: copy.opId },
        { body: pieces, timeoutMs: deadline.attempt(blockAttemptMs) },
      )
      c.hybridClock.observe(head.time)
      return true
    })
    settled = acks.settled
    await acks.decided
    if (acks.tally.verdict === 'reached') return
    for (const [agent, error] of acks.errors) failures.set(agent, error)
    throw unreachable(have.length + acks.tally.acknowledged.length, needed, failed, failures)
  } finally {
    void settled.then(() => c.writeBudget.release())
  }
}

function unreachable(
  stored: number,
  needed: number,
  failed: ReadonlySet<string>,
  errors: ReadonlyMap<string, TorcError>,
): TorcError {
  const full = errors.size > 0 && Array.from(errors.values()).every(error => error.code === 'DISK_FULL')
  const down = [...failed]
  return new TorcError(
    full ? 'DISK_FULL' : 'UNAVAILABLE',
    `a block of the copy is on ${stored} of ${needed} agents (${describeErrors(errors) || `down: ${down.join(', ')}`})`,
    { details: { down, needed } },
  )
}
