import type { Membership } from '@torc/cluster/membership/membership'
import { decodeEpoch, type Epoch, encodeEpoch } from '@torc/cluster/ring/epoch'
import type { RingAgent } from '@torc/cluster/ring/table'
import type { BucketQuorums } from '@torc/cluster/transition/absent-owners'
import { stages } from '@torc/cluster/transition/stage'
import { TorcError } from '@torc/protocol/errors'
import type { Admin, LayoutChange, LayoutInfo, LayoutProgress } from '@torc/protocol/store/admin'
import type { BucketFlow } from '../buckets/bucket-flow.js'
import { systemBucket } from '../buckets/bucket-record.js'
import { type ControlCall, type ControlStore, nothingStored, overLatest } from '../buckets/control-store.js'
import type { Coordination } from '../core/coordination.js'
import { readAttemptMs, writeAttemptMs } from '../core/deadline.js'
import { decideEpoch } from './decide-epoch.js'
import type { Layout } from './layout.js'
import { describeLayout } from './layout-flow.js'
import { notTakenOver } from './not-taken-over.js'
import { type PlannedLayout, partitionsAtRisk, planLayout } from './plan-layout.js'
import { notRecovered, planRecovery } from './plan-recovery.js'
import { isEmpty, noChanges, type StagedChanges, staleChanges, withChanges } from './staged-changes.js'

type RecoverOptions = NonNullable<Parameters<Admin['recoverLayout']>[0]>
type ApplyOptions = NonNullable<Parameters<Admin['applyLayout']>[0]>

/** Patience with an agent that is asked how far it is, in milliseconds. */
const progressMs = 2_000

/** How often, and how long, it is tried to forget what was applied, in milliseconds. */
const forgetAttempts = 5
const forgetMs = 3_000
const forgetPauseMs = 500

/** Changes of the layout: staged, shown, applied (DESIGN §6; decision 31). */
export class LayoutChanges {
  readonly #c: Coordination
  readonly #control: ControlStore
  readonly #buckets: BucketFlow
  readonly #membership: Membership

  constructor(c: Coordination, control: ControlStore, buckets: BucketFlow, membership: Membership) {
    this.#c = c
    this.#control = control
    this.#buckets = buckets
    this.#membership = membership
  }

  /** The layout, how far the change to it is, what waits, and what applying that comes to. NO_LAYOUT where there is none. */
  async show(call: ControlCall): Promise<LayoutInfo> {
    const layout = await this.#refreshed()
    try {
      return await this.#describe(layout, await this.#staged(layout, call), call)
    } catch (thrown) {
      const { code, message } = TorcError.from(thrown)
      this.#c.log.warn({ code }, `changes of the layout that may wait cannot be read: ${message}`)
      return await this.#describe(layout, noChanges(layout.number), call)
    }
  }

  async stage(change: LayoutChange, call: ControlCall): Promise<LayoutInfo> {
    const layout = await this.#refreshed()
    const { assign = [], remove = [], replicas } = change
    const changes = await overLatest(async () => {
      const stored = await this.#control.getLayoutChanges(call)
      const staged = withChanges(stored?.record ?? noChanges(layout.number), layout.number, {
        assign: assign.map(agent => this.#assigned(layout, agent)),
        remove: remove.map(agent => this.#removed(layout, stored?.record, agent)),
        replicas,
      })
      // Refuses what no table can be: the rest is told with the plan, as more changes may mend it.
      await this.#plan(layout, staged, call)
      await this.#control.putLayoutChanges(staged, stored?.stamp ?? nothingStored, call)
      return staged
    })
    return await this.#describe(layout, changes, call)
  }

  async cancel(call: ControlCall): Promise<LayoutInfo> {
    const layout = await this.#refreshed()
    await this.#clear(layout.number, call)
    return await this.#describe(layout, noChanges(layout.number), call)
  }

  /**
   * Makes the staged changes the next layout. The agents of this one decide (`decideEpoch`); then it is brought to all
   * agents of both, of which each begins with its part by itself (`node-agent/src/transition`).
   */
  async apply({ epoch, acceptLoss = false, ...call }: ApplyOptions): Promise<LayoutInfo> {
    const layout = await this.#refreshed()
    if (layout.stage !== stages.settled) throw await this.#underWay(layout)
    const changes = await this.#staged(layout, call)
    if (isEmpty(changes)) {
      throw new TorcError('BAD_REQUEST', 'no changes of the layout wait to be applied', {
        hint: 'Make some: `torc layout assign AGENT`, `torc layout remove AGENT`, `torc layout replicas N`.',
      })
    }
    if (changes.base !== layout.number) throw staleChanges(changes.base, layout.number)
    if (epoch !== undefined && epoch !== layout.number + 1) {
      throw new TorcError('CONFLICT', `the next layout has number ${layout.number + 1}, not ${epoch}`, {
        hint: 'Look at what changed meanwhile: `torc layout show`.',
      })
    }
    const planned = await this.#plan(layout, changes, call)
    checkApplicable(layout, planned, acceptLoss)
    if (!acceptLoss) await this.#checkTakenOver(layout, planned.epoch)
    const own = encodeEpoch(planned.epoch)
    const chosen = await decideEpoch(this.#c, layout, own)
    await this.#spread(layout, chosen)
    await this.#forgetApplied(planned.epoch.number, call)
    const won = decodeEpoch(chosen)
    if (!isSameTable(won, planned.epoch)) throw wonByAnother(won)
    return await this.#describe(this.#c.layouts.require(), noChanges(won.number), call)
  }

  /**
   * Begins anew with the agents that are left, where a majority of the layout's is gone for good, so that nobody can
   * decide on the next one (DESIGN §6). What they have, hints too, is taken over as in any other change.
   */
  async recover({ acceptLoss = false }: RecoverOptions): Promise<LayoutInfo> {
    const layout = await this.#refreshed()
    const { agents, environment } = this.#c
    const lineage = Buffer.from(environment.random.bytes(16)).toString('hex')
    const recovered = planRecovery(layout.epoch, {
      parentHash: layout.hash,
      lineage,
      isAlive: id => agents.isAlive(id),
    })
    if (!acceptLoss) throw notRecovered(recovered)
    const chosen = encodeEpoch(recovered.epoch)
    await this.#spread(layout, chosen)
    const { number } = recovered.epoch
    this.#c.log.warn(
      { epoch: number, lost: recovered.gone, lineage },
      'a layout begins anew with the agents that are left',
    )
    return await this.#describe(this.#c.layouts.require(), noChanges(number), {})
  }

  async #refreshed(): Promise<Layout> {
    const { layouts, agents, knownAgents } = this.#c
    await layouts.learnFromAll(agents, knownAgents(), readAttemptMs)
    return layouts.require()
  }

  /** What waits, for whichever layout it was staged. */
  async #staged(layout: Layout, call: ControlCall): Promise<StagedChanges> {
    return (await this.#control.getLayoutChanges(call))?.record ?? noChanges(layout.number)
  }

  async #clear(base: number, call: ControlCall): Promise<void> {
    await overLatest(async () => {
      const stored = await this.#control.getLayoutChanges(call)
      if (stored !== undefined && !isEmpty(stored.record))
        await this.#control.putLayoutChanges(noChanges(base), stored.stamp, call)
    })
  }

  /**
   * What was applied waits no longer. The layout is decided, whatever becomes of this: while it begins to change, a new
   * owner of the record may not take part yet.
   */
  async #forgetApplied(number: number, call: ControlCall): Promise<void> {
    const { clock } = this.#c.environment
    for (let left = forgetAttempts; left > 0; left--) {
      try {
        return await this.#clear(number, { ...call, timeoutMs: forgetMs })
      } catch (thrown) {
        const { code, message, retryable } = TorcError.from(thrown)
        this.#c.log.debug({ code, left }, `changes that were applied still wait: ${message}`)
        if (!retryable) throw thrown
        await new Promise<void>(resolve => void clock.after(forgetPauseMs, resolve))
      }
    }
    this.#c.log.warn(
      { epoch: number },
      'changes that were applied still wait: drop them with `torc layout cancel`',
    )
  }

  async #plan(layout: Layout, changes: StagedChanges, call: ControlCall): Promise<PlannedLayout> {
    const { agents } = this.#c
    const usedBytes = new Map<string, number>()
    await Promise.all(
      layout.agents.map(async ({ id }) => {
        if (!agents.isReachable(id)) return
        try {
          const { head } = await agents.request(id, 'fetchUsage', {}, { timeoutMs: progressMs })
          usedBytes.set(id, (head.inlineBytes ?? 0) + (head.storedBytes ?? 0))
        } catch (thrown) {
          // The estimate is made of what the others tell.
          this.#c.log.debug({ agent: id, error: String(thrown) }, 'an agent did not tell its use')
        }
      }),
    )
    return planLayout(layout.epoch, changes, {
      parentHash: layout.hash,
      isAlive: id => agents.isReachable(id),
      isRestored: id => this.#membership.get(id)?.restored === true,
      buckets: await this.#quorums(layout, call),
      usedBytes,
    })
  }

  async #quorums(layout: Layout, call: ControlCall): Promise<BucketQuorums[]> {
    return [systemBucket(layout.replicas), ...(await this.#buckets.all(call))]
  }

  async #describe(layout: Layout, changes: StagedChanges, call: ControlCall): Promise<LayoutInfo> {
    const info: LayoutInfo = {
      ...describeLayout(this.#c),
      stage: layout.stage,
      progress: await this.#progress(layout),
    }
    if (isEmpty(changes)) return info
    const { base, assign, remove, replicas } = changes
    const shown = {
      base,
      assign: [...assign.values()],
      remove: Array.from(remove, ([id, dead]) => ({ id, dead })),
      ...(replicas === undefined ? {} : { replicas }),
    }
    if (base !== layout.number) return { ...info, changes: shown }
    const { plan } = await this.#plan(layout, changes, call)
    return { ...info, changes: shown, plan }
  }

  /** Agents of this layout and the last that have something to do. */
  async #progress(layout: Layout): Promise<LayoutProgress[]> {
    const { agents } = this.#c
    const before = layout.state.previous?.agents ?? []
    const ids = [...new Set([...layout.agents, ...before].map(({ id }) => id))].sort()
    const isMember = (id: string) => layout.agents.some(agent => agent.id === id)
    const told = await Promise.all(
      ids.map(async (id): Promise<LayoutProgress> => {
        try {
          const { head } = await agents.request(id, 'fetchTransition', {}, { timeoutMs: progressMs })
          const [left, total] = head.toTakeOver
          const { number, stage, leftovers, bytes } = head
          return { id, epoch: number, stage, left, total, leftovers, bytes }
        } catch (thrown) {
          const error = TorcError.from(thrown).message.slice(0, 1024)
          return { id, epoch: 0, stage: 1, left: 0, total: 0, leftovers: 0, bytes: 0, error }
        }
      }),
    )
    const isBehind = ({ epoch, stage }: LayoutProgress) => epoch !== layout.number || stage !== stages.settled
    return told.filter(
      one =>
        one.left + one.leftovers > 0 ||
        (isBehind(one) && (isMember(one.id) || one.error === undefined || layout.stage !== stages.settled)),
    )
  }

  async #checkTakenOver(layout: Layout, next: Epoch): Promise<void> {
    const lacking = notTakenOver(layout.state, next, await this.#progress(layout))
    if (lacking.length === 0) return
    throw new TorcError(
      'UNAVAILABLE',
      `not all agents have taken over what layout ${layout.number} gave them, or say so: ${lacking.join(', ')}`,
      {
        hint: 'Bring them back and wait for `torc layout show`; or remove those that are gone for good: `torc layout remove AGENT --dead`.',
      },
    )
  }

  async #underWay(layout: Layout): Promise<TorcError> {
    const progress = await this.#progress(layout)
    const who = progress
      .map(({ id, left, total, error }) =>
        error === undefined ? `${id}: ${total - left} of ${total} partitions taken over` : `${id}: ${error}`,
      )
      .join('; ')
    return new TorcError(
      'UNAVAILABLE',
      `the change to layout ${layout.number} is under way, at stage ${layout.stage} of 3 (${who || 'it ends now'})`,
      { hint: 'One change at a time: apply again when `torc layout show` says that it is settled.' },
    )
  }

  #assigned(layout: Layout, change: NonNullable<LayoutChange['assign']>[number]): RingAgent {
    const { id } = change
    const member = this.#membership.get(id)
    const placed = layout.agents.find(agent => agent.id === id)
    if (placed === undefined && (member === undefined || member.role !== 'agent')) {
      throw new TorcError('BAD_REQUEST', `no agent ${id} is known`, {
        hint: 'Start it with --join naming a node of the cluster, and take its id from `torc status`.',
      })
    }
    const capacity = change.capacity ?? placed?.capacity ?? Math.max(1, member?.capacity ?? 1)
    return { id, zone: change.zone ?? placed?.zone ?? member?.zone ?? '', capacity }
  }

  #removed(layout: Layout, staged: StagedChanges | undefined, change: { id: string; dead: boolean }) {
    const { id } = change
    if (layout.agents.some(agent => agent.id === id) || staged?.assign.has(id) === true) return change
    throw new TorcError('BAD_REQUEST', `agent ${id} has no place in layout ${layout.number}`, {
      hint: 'See the agents of the layout with `torc layout show`.',
    })
  }

  /** Brings the layout to all that it concerns; who is away hears of it by gossip, or from whoever it answers. */
  async #spread(before: Layout, chosen: Uint8Array): Promise<void> {
    const { agents, layouts, log } = this.#c
    const sent = { epoch: chosen, previous: encodeEpoch(before.epoch), stage: stages.readOld }
    const ids = new Set([...before.agents, ...decodeEpoch(chosen).agents].map(({ id }) => id))
    await Promise.all(
      Array.from(ids, async id => {
        try {
          await agents.request(id, 'putEpoch', sent, { timeoutMs: writeAttemptMs })
        } catch (thrown) {
          const { code, message } = TorcError.from(thrown)
          log.warn({ agent: id, code }, `an agent could not be told the layout: ${message}`)
        }
      }),
    )
    layouts.adopt(sent, 'this server')
  }
}

function checkApplicable(layout: Layout, { epoch, plan }: PlannedLayout, acceptLoss: boolean): void {
  if (plan.problems.length > 0) {
    throw new TorcError('BAD_REQUEST', `this cannot be applied: ${plan.problems.join(' ')}`, {
      hint: 'See the changes that wait with `torc layout show`; drop them with `torc layout cancel`.',
    })
  }
  const atRisk = partitionsAtRisk(layout.epoch, epoch)
  if (atRisk === 0 || acceptLoss) return
  throw new TorcError(
    'BAD_REQUEST',
    `acknowledged writes may be lost: of ${atRisk} partitions more owners are gone for good than every bucket's quorums bear (${plan.absentMax})`,
    { hint: 'Bring one of them back; or go on without what is lost: `torc layout apply --accept-loss`.' },
  )
}

function isSameTable(a: Epoch, b: Epoch): boolean {
  const text = ({ agents, table }: Epoch) => JSON.stringify([agents, table])
  return text(a) === text(b)
}

function wonByAnother(won: Epoch): TorcError {
  const agents = won.agents.map(({ id }) => id).join(', ')
  return new TorcError(
    'CONFLICT',
    `another layout was applied at the same time: layout ${won.number} has the agents ${agents} and ${won.table.replicas} replicas`,
    {
      hint: 'It is in force now. Look at it (`torc layout show`), and make the changes again that it lacks.',
    },
  )
}
