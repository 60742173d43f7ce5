import { inForce } from '@torc/protocol/environment/safeguards'
import { TorcError } from '@torc/protocol/errors'
import { isStaleLayout } from '../agents/agents.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline, writeAttemptMs } from '../core/deadline.js'
import { keyFields, place, planWrite } from '../core/placement.js'
import { notMinted, tooFewOwners } from '../flows/write-errors.js'
import type { Layout } from '../layout/layout.js'
import type { WriteTarget } from '../quorum/write-quorum.js'
import type { BlockUse } from './block-owners.js'

/** Makes references to all blocks of the body again, at W owners of each. Rejects where a block is gone. */
export type ReferAgain = () => Promise<unknown>

/**
 * What lets a write refer to blocks before its version exists: an intent on the disk of the owner that will mint it,
 * placed before the first reference and taken away by the mint (DESIGN §9). Where the intent is lost, or another owner
 * is to mint, the references may be gone: they are made again under a new intent before the version is minted.
 */
export class BlockClaim {
  readonly use: BlockUse
  readonly #c: Coordination
  /** Where the intent is, by which layout and stage, and until when it need not be renewed (monotonic). */
  #placed:
    | { readonly agent: string; readonly layout: Layout | undefined; readonly renewAtMs: number }
    | undefined
  #placing: Promise<void> | undefined
  /** Some references may have been made before the intent that is there now. */
  #broken = false
  readonly #isFirst: boolean

  constructor(c: Coordination, use: BlockUse) {
    this.#c = c
    this.use = use
    this.#isFirst = inForce(c.environment, 'intent before references')
  }

  /** To be awaited before references are made: the intent is on a disk, and not about to expire. */
  hold(): Promise<void> | undefined {
    if (!this.#isFirst) return undefined
    const [placed, { layouts, environment }] = [this.#placed, this.#c]
    const isThere = placed !== undefined && environment.clock.monotonicMs() < placed.renewAtMs
    // Who owned the key by an earlier layout drops what it was told.
    if (isThere && placed.layout === layouts.current) return undefined
    this.#placing ??= this.#place().finally(() => {
      this.#placing = undefined
    })
    return this.#placing
  }

  /** To be awaited before the version is minted at `minter`. */
  async secure(minter: WriteTarget, referAgain: ReferAgain): Promise<void> {
    if (this.#placed?.agent === minter.agent && !this.#broken) return
    this.#broken = true
    await this.#placeAt(minter)
    if (this.#isFirst) await referAgain()
    this.#broken = false
  }

  /** The minter had no intent: whatever was referred to may be gone. */
  lost(): void {
    this.#placed = undefined
    this.#broken = true
  }

  /** At the first owner, or agent that stands in for one, that takes it: that one will mint, as a rule. */
  async #place(): Promise<void> {
    const { bucket, key } = this.use
    const p = place(this.#c, bucket, key)
    const plan = planWrite(this.#c, p)
    if (!plan.suffices) throw tooFewOwners(p, plan)
    const errors = new Map<string, TorcError>()
    const before = this.#placed?.agent
    // It grows while it is walked: who fails is replaced.
    for (const target of plan.targets) {
      const { agent } = target
      try {
        const fresh = await this.#placeAt(target)
        // What was referred to so far was covered by an intent that is gone, or that is elsewhere.
        if (before !== undefined && (fresh || agent !== before)) this.#broken = true
        return
      } catch (thrown) {
        const error = TorcError.from(thrown)
        if (isStaleLayout(error) || error.code === 'CANCELLED') throw error
        errors.set(agent, error)
        plan.replace(target)
      }
    }
    throw notMinted(errors, false)
  }

  async #placeAt({ agent, standsFor }: WriteTarget): Promise<boolean> {
    const { bucket, key, opId, timeoutMs, signal } = this.use
    const { layouts, environment } = this.#c
    const { clock } = environment
    const layout = layouts.current
    const deadline = new Deadline(clock, timeoutMs, signal)
    const { head } = await this.#c.agents.request(
      agent,
      'placeIntent',
      {
        ...keyFields(this.#c, place(this.#c, bucket, key)),
        opId,
        ...(standsFor.length === 0 ? {} : { hintFor: [...standsFor] }),
      },
      { timeoutMs: deadline.attempt(writeAttemptMs) },
    )
    this.#c.hybridClock.observe(head.time)
    const renewAtMs = clock.monotonicMs() + head.expiresMs / renewals
    this.#placed = { agent, layout, renewAtMs }
    return head.fresh
  }
}

/** An intent is renewed this many times in the time that it would be kept. */
const renewals = 4
