import { mayReadNew, mayWriteNew } from '@torc/cluster/transition/advance'
import type { LayoutState } from '@torc/cluster/transition/owner-tables'
import { compareStaged, type Stage, stages } from '@torc/cluster/transition/stage'
import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Log } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import type { GroupCommit } from '../index/group-commit.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { OtherParts, PeerReport } from './peer-transitions.js'

export interface StageParts {
  readonly nodeId: string
  readonly layout: AgentLayout
  readonly commit: GroupCommit
  readonly others: OtherParts
  /** What this agent itself would tell. */
  readonly ownReport: () => PeerReport
  readonly clock: Clock
  readonly log: Log
}

/** From one round of questions to the next, in milliseconds: while a layout changes, and while others hand over. */
const changingMs = 500
const drainingMs = 5_000
/** So long leases of counters are waited for, in milliseconds. */
const leasesMs = 60_000

/**
 * Moves the change to a layout forward. Each agent asks all others how far they are, and goes to the next stage once
 * what they say proves that it may; who hears of a later stage goes there too, as somebody had the proof. So nobody
 * leads, and an agent that starts again goes on where it was: all that is told is on the disk of whoever tells it.
 */
export class StageWorker implements Worker {
  readonly name = 'layout'
  readonly #parts: StageParts
  #reports: ReadonlyMap<string, PeerReport> = new Map()
  /** Since when nothing but leases of counters is waited for, in monotonic time. */
  #provenMs: number | undefined

  constructor(parts: StageParts) {
    this.#parts = parts
  }

  async step(signal: AbortSignal): Promise<WorkerOutcome> {
    const { layout } = this.#parts
    const { state } = layout
    if (state === undefined) return 'idle'
    const isChanging = state.stage !== stages.settled
    const asked = isChanging ? agentsOf(state) : layout.draining
    if (asked.size === 0) return 'idle'
    this.#reports = await this.#ask(asked, signal)
    if (signal.aborted) return 'idle'
    await this.#follow()
    if (isChanging) {
      const next = this.#next(state)
      if (next !== undefined) {
        await this.#advance(state.epoch.number, next)
        return 'busy'
      }
    }
    await this.#noteDrained()
    return { throttledMs: layout.stage === stages.settled ? drainingMs : changingMs }
  }

  progress(): string {
    const { state, draining } = this.#parts.layout
    if (state === undefined) return 'no layout yet'
    const { number } = state.epoch
    if (state.stage === stages.settled) {
      const left = draining.size === 0 ? '' : `; ${[...draining].join(', ')} may hold what others own now`
      return `layout ${number} is settled${left}`
    }
    const waiting = Array.from(this.#reports)
      .filter(([, { unsynced }]) => unsynced !== undefined)
      .map(([agent]) => agent)
    const silent = [...agentsOf(state)].filter(agent => !this.#reports.has(agent))
    const who = waiting.length === 0 ? '' : `, ${waiting.join(', ')} take over`
    const away = silent.length === 0 ? '' : `, ${silent.join(', ')} silent`
    return `layout ${number} is at stage ${state.stage} of 3${who}${away}`.slice(0, 1024)
  }

  async #ask(agents: Iterable<string>, signal: AbortSignal): Promise<Map<string, PeerReport>> {
    const { nodeId, others, ownReport, layout, log } = this.#parts
    const reports = new Map<string, PeerReport>()
    await Promise.all(
      Array.from(agents, async agent => {
        if (agent === nodeId) reports.set(agent, ownReport())
        if (agent === nodeId || !others.isAlive(agent)) return
        try {
          const report = await others.report(agent, signal)
          reports.set(agent, report)
          const own = layout.sent
          if (own !== undefined && report.number < layout.number) await others.send(agent, own, signal)
          else if (report.number > layout.number) await this.#learn(agent, signal)
        } catch (thrown) {
          const { code, message } = TorcError.from(thrown)
          log.debug({ agent, code }, `an agent does not tell how far it is: ${message}`)
        }
      }),
    )
    return reports
  }

  async #learn(agent: string, signal: AbortSignal): Promise<void> {
    const { others, commit, layout } = this.#parts
    const newer = await others.layout(agent, signal)
    if (newer !== undefined) await commit.submit(() => layout.store(newer))
  }

  /** Somebody is further: it had the proof. */
  async #follow(): Promise<void> {
    const { layout } = this.#parts
    const own = { number: layout.number, stage: layout.stage }
    for (const { number, stage } of this.#reports.values())
      if (number === own.number && compareStaged({ number, stage }, own) > 0)
        await this.#advance(number, stage)
  }

  #next(state: LayoutState): Stage | undefined {
    const { layout, others } = this.#parts
    // Another layout or stage came while the others were asked.
    if (layout.state !== state) return undefined
    const isDown = (agent: string): boolean => others.isDown(agent)
    if (state.stage === stages.readOld) {
      return mayReadNew(state, this.#reports, isDown) ? stages.readNew : undefined
    }
    if (mayWriteNew(state, this.#reports) && this.#areLeased(state)) return stages.settled
    return undefined
  }

  /**
   * Agents of the new layout must know of leases before those of the old one go: an old copy of a disk is found out by
   * what a majority stored (decision 27). One that cannot lease (its disk is full, say) is not waited for without end.
   */
  #areLeased({ epoch }: LayoutState): boolean {
    const nowMs = this.#parts.clock.monotonicMs()
    this.#provenMs ??= nowMs
    const waiting = epoch.agents.filter(
      ({ id }) => (this.#reports.get(id)?.leasedUnder ?? epoch.number) < epoch.number,
    )
    if (waiting.length > 0 && nowMs - this.#provenMs < leasesMs) return false
    this.#provenMs = undefined
    return true
  }

  async #advance(number: number, stage: Stage): Promise<void> {
    const { layout, commit, log } = this.#parts
    await commit.submit(() => layout.advance({ number, stage }))
    log.info({ epoch: number, stage }, 'the change of the layout goes on')
  }

  async #noteDrained(): Promise<void> {
    const { layout, commit } = this.#parts
    const { number } = layout
    const done = Array.from(this.#reports)
      .filter(([agent, report]) => layout.draining.has(agent) && isDrained(report, number))
      .map(([agent]) => agent)
    if (done.length > 0) await commit.submit(() => layout.drained(done, number))
  }
}

function isDrained({ number, stage, leftovers }: PeerReport, atLeast: number): boolean {
  return leftovers === 0 && compareStaged({ number, stage }, { number: atLeast, stage: stages.settled }) >= 0
}

function agentsOf({ epoch, previous }: LayoutState): ReadonlySet<string> {
  return new Set([...epoch.agents, ...(previous?.agents ?? [])].map(({ id }) => id))
}
