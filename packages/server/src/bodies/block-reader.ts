import type { BlockReference } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import { leasesOf } from '@torc/protocol/exchange/leases-of'
import { type Lease, unleased } from '@torc/protocol/frames/lease'
import type { RequestOf } from '@torc/protocol/messages/table'
import { isStaleLayout } from '../agents/agents.js'
import type { BucketView } from '../buckets/bucket-record.js'
import { addressFields, type Coordination } from '../core/coordination.js'
import { blockAttemptMs, Deadline } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { splitOwners } from '../quorum/targets.js'
import { lacksBlock, repairBlock } from './block-repair.js'
import { type BlockPart, type ByteRange, partsOf } from './byte-range.js'
import { sliceLeases } from './pieces.js'

const nobody: readonly string[] = []

/** Blocks of one body that are asked for before the reader wants them. */
const readAheadBlocks = 3

/** Whose blocks are read: those of the version that an operation made. */
export interface BlockSource {
  readonly bucket: BucketView
  readonly key: string
  readonly opId: Uint8Array
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** A part of a version's body. */
export interface BlockRead extends BlockSource {
  readonly blocks: readonly BlockReference[]
  readonly range: ByteRange
}

interface Pending {
  readonly block: Promise<readonly Lease[]>
  readonly part: BlockPart
  /** It took a place of the read budget. */
  readonly place: boolean
}

/**
 * The bytes of a range, in order, lent by the connections that they came over: the reader releases each piece. A few
 * blocks are read ahead while places of the read budget are free; the next
 * one is always asked for, so that no reader waits for another. Leaving early stops what is under way.
 */
export async function* readBlocks(c: Coordination, read: BlockRead): AsyncGenerator<Lease> {
  const { blocks } = read
  const parts = partsOf(
    blocks.map(block => block.size),
    read.range,
  )
  const stop = new AbortController()
  const signal = read.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, read.signal])
  const pending: Pending[] = []
  let next = 0
  const ask = (part: BlockPart, place: boolean): Pending => {
    const block = blocks[part.index]
    if (block === undefined) throw new TorcError('CORRUPT', 'a block list is shorter than its object')
    const lent = fetchBlock(c, { ...read, signal }, block)
    // It is awaited in its turn; a failure before that is not unhandled.
    lent.catch(() => undefined)
    return { block: lent, part, place }
  }
  try {
    for (;;) {
      while (next < parts.length && pending.length < readAheadBlocks) {
        const part = parts[next]
        const place = pending.length > 0 && c.readBudget.tryAcquire()
        if (part === undefined || (pending.length > 0 && !place)) break
        pending.push(ask(part, place))
        next++
      }
      const current = pending[0]
      if (current === undefined) return
      const { from, to } = current.part
      yield* sliceLeases(await current.block, from, to)
      pending.shift()
      if (current.place) c.readBudget.release()
    }
  } finally {
    stop.abort()
    for (const { place } of pending) if (place) c.readBudget.release()
  }
}

/**
 * One block, whole, from the first of its owners that gives it, or else from an agent that may stand in for some.
 * Owners that were asked before and lack it, or have it damaged, are given it in the background. `lackedBy`: owners that are known to lack it, whom the caller sees to.
 */
export function fetchBlock(
  c: Coordination,
  source: BlockSource,
  block: BlockReference,
  lackedBy: readonly string[] = nobody,
): Promise<readonly Lease[]> {
  return withFreshLayout(c, () => fetchOnce(c, source, block, lackedBy))
}

async function fetchOnce(
  c: Coordination,
  source: BlockSource,
  block: BlockReference,
  lackedBy: readonly string[],
): Promise<readonly Lease[]> {
  const { hash, size } = block
  const layout = c.layouts.require()
  const partition = layout.partitionOfBlock(hash)
  const owners = layout.owners(partition, source.bucket.replicas)
  const isAlive = (agent: string): boolean => c.agents.isAlive(agent)
  const { live, down } = splitOwners(owners, isAlive)
  const deadline = new Deadline(c.environment.clock, source.timeoutMs, source.signal)
  let failure: TorcError | undefined
  let lacking: string[] | undefined
  for (const agent of andStandIns(
    live,
    () => layout.otherHolders(partition, source.bucket.replicas),
    isAlive,
  )) {
    if (lackedBy.includes(agent)) continue
    try {
      const asked = {
        ...addressFields(c, layout),
        hash,
        ...(owners.includes(agent) ? {} : { asHolder: true }),
      }
      const lent = await fetchBlockFrom(c, agent, asked, size, deadline)
      if (lacking === undefined) return lent
      const pieces = lent.map(({ bytes }) => bytes)
      repairBlock(c, source, block, pieces, lacking)
      // Two read it from now on: it is not given back.
      return pieces.map(unleased)
    } catch (thrown) {
      const error = TorcError.from(thrown)
      if (error.code === 'CANCELLED') throw error
      // That it is not on an agent that need not have it says nothing.
      if (!owners.includes(agent)) continue
      failure = error
      if (lacksBlock(error)) lacking = [...(lacking ?? []), agent]
      c.log.warn(
        { agent, code: error.code, block: Buffer.from(hash).toString('hex') },
        'a block was not read',
      )
    }
  }
  if (failure?.code === 'CORRUPT' && down.length === 0) throw failure
  if (failure !== undefined && isStaleLayout(failure)) throw failure
  throw new TorcError('UNAVAILABLE', `no agent gave a block of the object (owners: ${owners.join(', ')})`, {
    cause: failure,
    details: { down, block: Buffer.from(hash).toString('hex') },
  })
}

/** The owners, and when none of them gives it, agents that may have stood in for some while it was written. */
function* andStandIns(
  live: readonly string[],
  fallbacks: () => readonly string[],
  isAlive: (agent: string) => boolean,
): Generator<string> {
  yield* live
  for (const agent of fallbacks()) if (isAlive(agent)) yield agent
}

async function fetchBlockFrom(
  c: Coordination,
  agent: string,
  head: RequestOf<'fetchBlock'>,
  size: number,
  deadline: Deadline,
): Promise<readonly Lease[]> {
  const options = { timeoutMs: deadline.attempt(blockAttemptMs), signal: deadline.signal }
  const answer = await c.agents.request(agent, 'fetchBlock', head, options)
  c.hybridClock.observe(answer.head.time)
  const lent: Lease[] = []
  let received = 0
  for await (const lease of leasesOf(answer.body ?? nothing)) {
    lent.push(lease)
    received += lease.bytes.length
  }
  if (received !== size) throw new TorcError('CORRUPT', `agent ${agent} gave a block of another size`)
  return lent
}

const nothing: readonly Uint8Array[] = []
