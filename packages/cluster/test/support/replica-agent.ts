import { contextOfExactDot, covers, subtractContexts } from '../../src/clocks/causal-context.js'
import { type ActorId, type Dot, dotsEqual, dotText } from '../../src/clocks/dot.js'
import { compareAge, type LiveReport } from '../../src/retention/live-report.js'
import { type Attributes, noAttributes } from '../../src/state/attributes.js'
import { emptyState, type KeyState, makeState, mergeStates } from '../../src/state/key-state.js'
import {
  type Delta,
  emptySummary,
  type KeySummary,
  type LocalVersions,
  type MergePlan,
  planMerge,
} from '../../src/state/key-summary.js'
import type { NullVersions } from '../../src/state/null-versions.js'
import type { Version } from '../../src/state/version.js'
import { type EventState, type Events, mergeEvents, nothing, setOf } from './event-oracle.js'

/** A delta in flight, as it is sent and as plain sets. */
export interface Message {
  readonly delta: Delta
  readonly events: EventState
}

/** What an agent answered to a clock read that asked for a policy's sake, and what it knew then. */
export interface Reported {
  readonly report: LiveReport
  readonly attributes: Attributes
  readonly events: EventState
  readonly nulls: NullVersions
}

/** One agent's copy of the key, kept three times. */
export class Agent {
  actor: ActorId
  counter = 0
  time = 1
  /** The highest own counter in what was dropped. */
  dropped = 0
  state: KeyState = emptyState
  summary: KeySummary | undefined
  events: EventState = nothing
  lastOutcome: MergePlan['outcome'] = 'had'
  /** Reads of the whole history that the planners needed. */
  historyReads = 0
  /** Numbers of the events, by dot. */
  readonly #numbers: ReadonlyMap<string, number>

  constructor(name: ActorId, numbers: ReadonlyMap<string, number>) {
    this.actor = name
    this.#numbers = numbers
  }

  local(lookups = true): LocalVersions {
    const { versions } = this.state
    const all = () => {
      this.historyReads++
      return versions.values()
    }
    const has = (dot: Dot) => versions.has(dotText(dot))
    return lookups ? { has, all, get: dot => versions.get(dotText(dot)) } : { has, all }
  }

  receive(message: Message, lookups = true): void {
    const { delta } = message
    const plan = planMerge(this.summary, delta, this.local(lookups))
    const arriving = makeState(delta.context, delta.versions, delta.attributes ?? noAttributes)
    this.apply(plan, mergeStates(this.state, arriving), mergeEvents(this.events, message.events))
  }

  /** Receives `from`'s whole state, of which it is only told that `kept` exist. */
  receiveKeeping(from: Agent, kept: readonly Version[]): void {
    const names = new Set(kept.map(v => dotText(v.dot)))
    const sent = [...from.state.versions.values()].filter(v => !names.has(dotText(v.dot)))
    const { attributes } = from.state
    const delta = { context: from.state.context, versions: sent, keep: kept.map(v => v.dot), attributes }
    const plan = planMerge(this.summary, delta, this.local())
    // Said in whole states: what is kept and not here is neither sent nor covered.
    const unsent = kept.filter(v => !covers(this.state.context, v.dot))
    const context = unsent.reduce(
      (all, v) => subtractContexts(all, contextOfExactDot(v.dot)),
      from.state.context,
    )
    const here = kept.filter(v => this.state.versions.has(dotText(v.dot)))
    const missing = this.numbersOf(unsent)
    const events = {
      seen: from.events.seen & ~missing,
      present: new Map([...from.events.present].filter(([n]) => (missing & setOf(n)) === 0n)),
      writes: from.events.writes,
    }
    const whole = makeState(context, [...sent, ...here], attributes)
    this.apply(plan, mergeStates(this.state, whole), mergeEvents(this.events, events))
  }

  wholeState(): Message {
    const { context, versions, attributes } = this.state
    return { delta: { context, versions: [...versions.values()], attributes }, events: this.events }
  }

  /** Names its `limit` oldest versions. */
  report(limit = Number.POSITIVE_INFINITY): Reported {
    const { context, digest, heads, versionCount, attributes, nulls } = this.summary ?? emptySummary
    const oldest = [...this.state.versions.values()]
      .map(({ dot, createdAt }) => ({
        dot,
        createdAt,
        head: heads.some(head => dotsEqual(head.dot, dot)),
      }))
      .sort(compareAge)
      .slice(0, limit)
    return { report: { context, digest, versionCount, oldest }, attributes, events: this.events, nulls }
  }

  apply(plan: MergePlan, state: KeyState, events: EventState): void {
    this.lastOutcome = plan.outcome
    this.state = state
    this.summary = plan.summary
    this.events = events
  }

  /** The disk as it was, or none. */
  reset(to: Pick<Agent, 'state' | 'summary' | 'events'> | undefined): void {
    this.state = to?.state ?? emptyState
    this.summary = to?.summary
    this.events = to?.events ?? nothing
  }

  numbersOf(versions: Iterable<Version>): Events {
    let set = 0n
    for (const { dot } of versions) set |= setOf(this.#numbers.get(dotText(dot)) ?? 0)
    return set
  }
}
