import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Membership } from '@torc/cluster/membership/membership'
import type { Peers } from '@torc/cluster/membership/peers'
import { blockPartition } from '@torc/cluster/ring/partition'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { Log } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { AgentLayout } from '../layout/agent-layout.js'
import { reachAgent } from '../membership/reach-agent.js'

/** Where a damaged block's bytes may come from. */
export interface BlockSource {
  /** The block's bytes, which have its hash; undefined when nobody has them to give. Never rejects. */
  fetch(hash: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined>
}

export interface OwnerBlocksParts {
  readonly nodeId: string
  readonly layout: AgentLayout
  readonly membership: Membership
  readonly peers: Pick<Peers, 'reach'>
  readonly clock: HybridClock
  readonly hasher: Hasher
  readonly log: Log
}

/** Patience with one owner, of each step without progress, in milliseconds. */
const fetchMs = 10_000

/** The other owners of a block, asked one after the other over the peers' connections. */
export class OwnerBlocks implements BlockSource {
  readonly #parts: OwnerBlocksParts

  constructor(parts: OwnerBlocksParts) {
    this.#parts = parts
  }

  async fetch(hash: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { nodeId, layout, log } = this.#parts
    if (layout.number === 0) return undefined
    const owners = layout.holdersOf(blockPartition(hash, layout.partitions))
    for (const owner of owners) {
      if (owner === nodeId || signal.aborted) continue
      try {
        return await this.#ask(owner, hash, signal)
      } catch (thrown) {
        const { code, message } = TorcError.from(thrown)
        log.debug(
          { owner, block: Buffer.from(hash).toString('hex'), code },
          `no block from there: ${message}`,
        )
      }
    }
    return undefined
  }

  async #ask(owner: string, hash: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { layout, membership, peers, clock, hasher } = this.#parts
    const exchange = await reachAgent(membership, peers, owner)
    const head = { epoch: layout.number, stage: layout.stage, time: clock.now(), hash }
    const { head: answer, body } = await exchange.request('fetchBlock', head, { timeoutMs: fetchMs, signal })
    clock.observe(answer.time)
    const bytes = await body?.bytes(limits.blockBytesMax)
    if (bytes === undefined || Buffer.compare(hasher.sha256(bytes), hash) !== 0) {
      throw new TorcError('CHECKSUM', `the bytes that ${owner} gave have another hash`)
    }
    return bytes
  }
}
