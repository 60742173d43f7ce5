import { emptyContext, encodeContext } from '@torc/cluster/clocks/causal-context'
import type { Dot } from '@torc/cluster/clocks/dot'
import { TorcError } from '@torc/protocol/errors'
import type { RequestOf } from '@torc/protocol/messages/table'
import { isStaleLayout, mayHaveActed } from '../agents/agents.js'
import { throwStaleCollection } from '../collection/collection-numbers.js'
import type { Coordination } from '../core/coordination.js'
import { type Deadline, writeAttemptMs } from '../core/deadline.js'
import { keyFields, type Placement, planWrite } from '../core/placement.js'
import { describeErrors } from '../quorum/collect-acks.js'
import { collectWriteAcks } from '../quorum/collect-write-acks.js'
import { owner, type WriteTarget } from '../quorum/write-quorum.js'
import { sendMerge } from './send-merge.js'
import { notMinted, tooFewOwners } from './write-errors.js'

/** Registers of a key, or of one of its versions, that are set and cleared together. */
export interface AttributeChange {
  /** Undefined: registers of the key. */
  readonly version: Dot | undefined
  readonly set: readonly (readonly [name: string, value: Uint8Array])[]
  readonly clear: readonly string[]
  /** Greatest time among the registers that R owners hold: what is set now is later. */
  readonly seenTime: number
}

/**
 * Sets registers at the first live owner, which gives them their time and their dot, and joins them into the other
 * owners' states, and into those of agents that stand in for some; resolves when W have them on stable storage. A register that is set twice, because an answer was
 * lost, says the same both times. INDETERMINATE when fewer than W have it: it may still come through.
 */
export async function writeAttributes(
  c: Coordination,
  p: Placement,
  change: AttributeChange,
  deadline: Deadline,
): Promise<void> {
  const plan = planWrite(c, p)
  // Who stands in may not know of the version: an owner that does gives the registers their time.
  if (plan.live.length === 0 || !plan.suffices) throw tooFewOwners(p, plan)
  const [setter, attributes] = await setAtFirst(c, p, plan.live, change, deadline)
  const others = plan.targets.filter(({ agent }) => agent !== setter)
  const context = encodeContext(emptyContext)
  const { clock } = c.environment
  const send = async (target: WriteTarget): Promise<boolean> => {
    await sendMerge(c, p, target, { context, attributes }, undefined, deadline)
    return true
  }
  const acks = collectWriteAcks(clock, plan, others, send, [owner(setter)])
  await acks.decided
  if (acks.tally.verdict === 'reached') return
  throwStaleCollection(acks.errors)
  throw new TorcError(
    'INDETERMINATE',
    `${acks.tally.acknowledged.length + 1} of ${p.writeQuorum} agents have the change (${describeErrors(acks.errors)}); it may still come through`,
    { hint: 'Make the change again: setting the same twice changes nothing.' },
  )
}

async function setAtFirst(
  c: Coordination,
  p: Placement,
  live: readonly string[],
  change: AttributeChange,
  deadline: Deadline,
): Promise<readonly [agent: string, attributes: Uint8Array]> {
  const errors = new Map<string, TorcError>()
  for (const agent of live) {
    const request: RequestOf<'setAttributes'> = {
      ...keyFields(c, p),
      set: change.set as [string, Uint8Array][],
      clear: [...change.clear],
      seenTime: change.seenTime,
    }
    if (change.version !== undefined) request.version = [change.version.actor, change.version.counter]
    try {
      const { head } = await c.agents.request(agent, 'setAttributes', request, {
        timeoutMs: deadline.attempt(writeAttemptMs),
      })
      c.hybridClock.observe(head.time)
      return [agent, head.attributes]
    } catch (thrown) {
      const error = TorcError.from(thrown)
      if (isStaleLayout(error) || error.code === 'CANCELLED') throw error
      errors.set(agent, error)
      if (deadline.remainingMs < 1) break
    }
  }
  // That one owner has no such version only means that it has not reached it.
  const telling = [...errors].filter(([, error]) => !notHere.has(error.code))
  throw notMinted(
    telling.length > 0 ? new Map(telling) : errors,
    telling.some(([, error]) => mayHaveActed(error)),
  )
}

const notHere = new Set<string>(['KEY_NOT_FOUND', 'VERSION_NOT_FOUND'])
