import {
  type CausalContext,
  contextOfExactDot,
  covers,
  emptyContext,
  highestCounter,
  joinContexts,
  subtractContexts,
} from '../../src/clocks/causal-context.js'
import { type ActorId, type Dot, dotText } from '../../src/clocks/dot.js'
import { attributesOf, noAttributes } from '../../src/state/attributes.js'
import {
  closedContext,
  emptyState,
  type KeyState,
  makeState,
  mergeStates,
} from '../../src/state/key-state.js'
import {
  type Delta,
  type KeySummary,
  type LocalVersions,
  type MergePlan,
  planMerge,
  planMint,
} from '../../src/state/key-summary.js'
import { contextAfterWrite, type Version } from '../../src/state/version.js'
import { closureOf, type EventState, mergeEvents, nothing } from './event-oracle.js'
import { actor, opIdOf } from './samples.js'

/** A token, as context and as plain set. */
export interface Taken {
  readonly context: CausalContext
  readonly events: ReadonlySet<string>
}

/** A delta in flight, as it is sent and as plain sets. */
export interface Message {
  readonly delta: Delta
  readonly events: EventState
}

/**
 * One key on several agents, kept three times: as whole states (`mergeStates`), as summaries (the planners)
 * and as plain sets of events (the oracle). Steps change all three; `check` in the tests compares them.
 */
export class Replicas {
  readonly agents: Agent[]
  /** Every version ever minted. */
  readonly minted: { version: Version; covered: ReadonlySet<string> }[] = []
  /** Every event that a purge, a removal or a pruning named. */
  readonly removed = new Set<string>()
  readonly messages: Message[] = []
  readonly tokens: Taken[] = []
  #actors = 0
  #operations = 0

  constructor(agentCount: number) {
    this.agents = Array.from({ length: agentCount }, () => new Agent(actor(this.#actors++)))
  }

  agent(n: number): Agent {
    const agent = this.agents[n % this.agents.length]
    if (agent === undefined) throw new Error('no agents')
    return agent
  }

  takeToken(at: Agent): Taken {
    const token = { context: closedContext(at.state), events: closureOf(at.events) }
    this.tokens.push(token)
    return token
  }

  /** `cover` is another agent's clock read, or (`exact`) a client's token. */
  mint(
    at: Agent,
    skip: number,
    cover: Taken | undefined,
    exact: boolean,
    pruned: readonly Version[] = [],
  ): Version {
    const known = closureOf(at.events)
    const covered = new Set([...(exact ? [] : known), ...(cover?.events ?? [])])
    at.counter += skip
    at.time = Math.max(at.time + 1, (at.summary?.newest ?? 0) + 1)
    const remove = pruned.filter(v => covered.has(dotText(v.dot)))
    const local = at.local()
    const { version, delta, plan } = planMint(
      at.summary,
      {
        actor: at.actor,
        counter: at.counter,
        after: at.dropped,
        opId: opIdOf(++this.#operations),
        kind: 'object',
        cover: cover?.context,
        exact,
        createdAt: at.time,
        seenSeq: 0,
        size: 0,
        sha256: new Uint8Array(32),
        etag: 'e',
        contentType: '',
        metadata: [],
        blocks: undefined,
        ...(remove.length > 0
          ? { remove: remove.reduce((all, v) => joinContexts(all, contextOfExactDot(v.dot)), emptyContext) }
          : {}),
      },
      local,
    )
    this.minted.push({ version, covered })
    const name = dotText(version.dot)
    const gone = remove.map(v => dotText(v.dot))
    for (const one of gone) this.removed.add(one)
    const events = { ...nothing, seen: new Set([name, ...gone]), present: new Map([[name, covered]]) }
    at.apply(plan, mergeStates(at.state, makeState(delta, [version])), mergeEvents(at.events, events))
    this.messages.push({ delta: { context: delta, versions: [version] }, events })
    this.tokens.push({ context: contextAfterWrite(version), events: new Set([...covered, name]) })
    return version
  }

  purge(at: Agent, token: Taken): void {
    for (const name of token.events) this.removed.add(name)
    const message = {
      delta: { context: token.context, versions: [] },
      events: { ...nothing, seen: token.events },
    }
    this.messages.push(message)
    at.receive(message)
  }

  removeVersion(at: Agent, dot: Dot): void {
    this.purge(at, { context: contextOfExactDot(dot), events: new Set([dotText(dot)]) })
  }

  setAttribute(at: Agent, of: Dot | undefined, name: string): void {
    at.time++
    const dot = { actor: at.actor, counter: ++at.counter }
    const attributes = attributesOf([
      { version: of, name, value: opIdOf(++this.#operations), time: at.time, dot },
    ])
    const write = {
      version: of === undefined ? undefined : dotText(of),
      name,
      time: at.time,
      event: dotText(dot),
    }
    const events = { ...nothing, writes: new Set([write]) }
    const message = { delta: { context: emptyContext, versions: [], attributes }, events }
    this.messages.push(message)
    at.receive(message)
  }

  /** `from` forgets the key after another agent has all that it knew. */
  handOver(from: Agent, to: Agent): void {
    to.receive(from.wholeState())
    from.dropped = Math.max(from.dropped, highestCounter(closedContext(from.state), from.actor))
    from.forget()
  }

  newActor(of: Agent): void {
    of.actor = actor(this.#actors++)
    of.dropped = 0
  }
}

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

  constructor(name: ActorId) {
    this.actor = name
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
    const missing = new Set(unsent.map(v => dotText(v.dot)))
    const events = {
      seen: new Set([...from.events.seen].filter(name => !missing.has(name))),
      present: new Map([...from.events.present].filter(([name]) => !missing.has(name))),
      writes: from.events.writes,
    }
    const whole = makeState(context, [...sent, ...here], attributes)
    this.apply(plan, mergeStates(this.state, whole), mergeEvents(this.events, events))
  }

  wholeState(): Message {
    const { context, versions, attributes } = this.state
    return { delta: { context, versions: [...versions.values()], attributes }, events: this.events }
  }

  apply(plan: MergePlan, state: KeyState, events: EventState): void {
    this.lastOutcome = plan.outcome
    this.state = state
    this.summary = plan.summary
    this.events = events
  }

  forget(): void {
    this.state = emptyState
    this.summary = undefined
    this.events = nothing
  }
}
