import { TorcError } from '@torc/protocol/errors'
import { addressFields, type Coordination } from '../core/coordination.js'
import { blockAttemptMs, Deadline } from '../core/deadline.js'
import type { WriteTarget } from '../quorum/write-quorum.js'
import type { BlockClaim } from './block-claim.js'
import type { BlockUse } from './block-owners.js'

/** Hashes in one request. */
const hashesPerRequest = 4096

interface Question {
  readonly hash: Uint8Array
  readonly resolve: (here: boolean) => void
  readonly reject: (error: TorcError) => void
}

/** Questions to one agent, as itself or for the same others. */
interface Lane {
  readonly target: WriteTarget
  waiting: Question[]
  asking: boolean
}

/**
 * Asks agents to refer to blocks that they have, for one operation, before any bytes are sent. An agent has one such
 * request at a time: what comes up while it answers goes together in the next one. So the first block of a body is
 * asked for at once, and many that are waiting cost no more messages than one.
 */
export class BlockReferences {
  readonly #c: Coordination
  readonly #use: BlockUse
  readonly #claim: Pick<BlockClaim, 'hold'>
  readonly #lanes = new Map<string, Lane>()

  constructor(c: Coordination, use: BlockUse, claim: Pick<BlockClaim, 'hold'>) {
    this.#c = c
    this.#use = use
    this.#claim = claim
  }

  /** To be awaited before references are added: the operation's intent is on a disk. */
  hold(): Promise<void> | undefined {
    return this.#claim.hold()
  }

  /**
   * Resolves with whether the agent has the block, and then has a reference to it on stable storage: it need not be
   * sent. Rejects as a request to an agent does.
   */
  add(target: WriteTarget, hash: Uint8Array): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const lane = this.#lane(target)
      lane.waiting.push({ hash, resolve, reject })
      if (lane.asking) return
      lane.asking = true
      // What is asked for in the same turn of the event loop goes along.
      queueMicrotask(() => void this.#drain(lane))
    })
  }

  #lane(target: WriteTarget): Lane {
    const { agent, standsFor } = target
    const name = standsFor.length === 0 ? agent : `${agent} for ${standsFor.join()}`
    let lane = this.#lanes.get(name)
    if (lane === undefined) {
      lane = { target, waiting: [], asking: false }
      this.#lanes.set(name, lane)
    }
    return lane
  }

  async #drain(lane: Lane): Promise<void> {
    while (lane.waiting.length > 0) {
      const asked = lane.waiting.slice(0, hashesPerRequest)
      lane.waiting = lane.waiting.slice(hashesPerRequest)
      try {
        const missing = await this.#ask(lane.target, asked)
        for (const [i, { resolve }] of asked.entries()) resolve(!missing.has(i))
      } catch (thrown) {
        const error = TorcError.from(thrown)
        for (const { reject } of asked) reject(error)
        if (error.code !== 'TIMEOUT') continue
        // What waited for a silent agent does not wait as long again: its blocks hold memory.
        for (const { reject } of lane.waiting) reject(error)
        lane.waiting = []
      }
    }
    lane.asking = false
  }

  /** Positions of the blocks that the agent lacks. */
  async #ask({ agent, standsFor }: WriteTarget, asked: readonly Question[]): Promise<Set<number>> {
    const { bucket, key, opId, timeoutMs, signal } = this.#use
    const deadline = new Deadline(this.#c.environment.clock, timeoutMs, signal)
    const { head } = await this.#c.agents.request(
      agent,
      'referBlocks',
      {
        ...addressFields(this.#c, this.#c.layouts.require()),
        hashes: Buffer.concat(asked.map(({ hash }) => hash)),
        bucketId: bucket.id,
        key,
        opId,
        ...(standsFor.length === 0 ? {} : { hintFor: [...standsFor] }),
        replicas: bucket.replicas,
      },
      { timeoutMs: deadline.attempt(blockAttemptMs) },
    )
    this.#c.hybridClock.observe(head.time)
    return new Set(head.missing)
  }
}
