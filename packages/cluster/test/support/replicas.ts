import {
  type CausalContext,
  contextOfExactDot,
  emptyContext,
  highestCounter,
} from '../../src/clocks/causal-context.js'
import { type Dot, dotText } from '../../src/clocks/dot.js'
import { compareAge, type LiveReport } from '../../src/retention/live-report.js'
import { keepAll, policyInForce, type RetentionPolicy } from '../../src/retention/policy.js'
import { attributesOf, mergeAttributes } from '../../src/state/attributes.js'
import { closedContext, type KeyState, makeState, mergeStates } from '../../src/state/key-state.js'
import { type KeySummary, type MintPlan, planMint } from '../../src/state/key-summary.js'
import { contextAfterWrite, type Version } from '../../src/state/version.js'
import {
  type AttributeWrite,
  closureOf,
  type EventState,
  type Events,
  mergeEvents,
  nothing,
  setOf,
} from './event-oracle.js'
import { checkPruning } from './pruning-checks.js'
import { Agent, type Message, type Reported } from './replica-agent.js'
import { actor, opIdOf } from './samples.js'

/** A token, as context and as plain set. */
export interface Taken {
  readonly context: CausalContext
  readonly events: Events
}

export interface Minted {
  readonly version: Version
  readonly covered: Events
}

/** What a write covers and knows; all of it may be absent. */
export interface MintOptions {
  /** Counters that the actor used for other keys, plus one. */
  readonly skip?: number
  /** Another agent's clock read, or (`exact`) a client's token. */
  readonly cover?: Taken | undefined
  readonly exact?: boolean
  /** What other agents told for the policy's sake. */
  readonly reports?: readonly Reported[]
  /** How many of its own oldest versions the minter looks at. */
  readonly ownLimit?: number | undefined
  readonly setPolicy?: RetentionPolicy | 'inherit' | undefined
  readonly kind?: 'object' | 'marker'
  /** The bucket keeps no versions. */
  readonly isNull?: boolean
}

interface Snapshot {
  readonly state: KeyState
  readonly summary: KeySummary | undefined
  readonly events: EventState
  readonly counter: number
}

/** Rules of DESIGN §4 that can be broken on purpose: the checks must notice. */
export const safeguards = [
  'tokens are closed',
  'what was dropped is remembered',
  'a restored disk takes a new actor',
  'heads are told',
] as const
export type Safeguard = (typeof safeguards)[number]

/**
 * One key on several agents, kept three times: as whole states (`mergeStates`), as summaries (the planners)
 * and as plain sets of events (the oracle). Steps change all three; `history-checks.ts` compares them.
 */
export class Replicas {
  readonly agents: Agent[]
  /** Every version ever minted; its place is the number of its event. */
  readonly minted: Minted[] = []
  /** Every event that a purge or a removal of versions named. */
  purged: Events = 0n
  /** Every event that a policy took. */
  pruned: Events = 0n
  bucketPolicy: RetentionPolicy = keepAll
  readonly messages: Message[] = []
  readonly tokens: Taken[] = []
  readonly reports: Reported[] = []
  /** Some disk was lost with what only it had. */
  lossy = false
  readonly #numbers = new Map<string, number>()
  readonly #snapshots = new Map<Agent, Snapshot>()
  readonly #without: Safeguard | undefined
  #actors = 0
  #operations = 0

  constructor(agentCount: number, without?: Safeguard) {
    this.#without = without
    this.agents = Array.from({ length: agentCount }, () => new Agent(actor(this.#actors++), this.#numbers))
  }

  agent(n: number): Agent {
    const agent = this.agents[n % this.agents.length]
    if (agent === undefined) throw new Error('no agents')
    return agent
  }

  numberOf(dot: Dot): number {
    const number = this.#numbers.get(dotText(dot))
    if (number === undefined) throw new Error('never minted')
    return number
  }

  clockRead(at: Agent): Taken {
    if (this.#without === 'tokens are closed') return { context: at.state.context, events: at.events.seen }
    return { context: closedContext(at.state), events: closureOf(at.events) }
  }

  takeToken(at: Agent): Taken {
    const token = this.clockRead(at)
    this.tokens.push(token)
    return token
  }

  /** A token that covers just these versions. */
  tokenOf(context: CausalContext, versions: Iterable<Version>): Taken {
    return { context, events: setOf(...[...versions].map(({ dot }) => this.numberOf(dot))) }
  }

  mint(at: Agent, options: MintOptions = {}): Version {
    const { cover, exact = false, reports = [], setPolicy } = options
    const covered = (exact ? 0n : closureOf(at.events)) | (cover?.events ?? 0n)
    at.counter += options.skip ?? 1
    at.time = Math.max(at.time, at.summary?.newest ?? 0, ...reports.map(newestOf)) + 1
    const own = at.report(options.ownLimit)
    const registers = [own, ...reports].map(one => one.attributes)
    const known = registers.reduce((a, b) => mergeAttributes(a, b, emptyContext, () => true))
    const policy = policyInForce(setPolicy, known, this.bucketPolicy)
    const made = planMint(
      at.summary,
      {
        actor: at.actor,
        counter: at.counter,
        after: at.dropped,
        opId: opIdOf(++this.#operations),
        kind: options.kind ?? 'object',
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
        retention: { policy, reports: [own, ...reports].map(one => this.#told(one, own)) },
        setPolicy,
        isNull: options.isNull === true ? true : undefined,
        nulls: reports.flatMap(({ nulls }) => nulls),
      },
      at.local(),
    )
    checkPruning(this, policy, [own, ...reports], covered, made)
    this.#store(at, made, covered)
    return made.version
  }

  #told({ report }: Reported, own: Reported): LiveReport {
    if (this.#without !== 'heads are told') return report
    const oldest = report.oldest.map(version => ({ ...version, head: false }))
    return { ...report, digest: own.report.digest, oldest }
  }

  #store(at: Agent, made: MintPlan, covered: Events): void {
    const { version, delta, attributes, plan } = made
    const number = this.minted.length
    this.minted.push({ version, covered })
    this.#numbers.set(dotText(version.dot), number)
    const gone = setOf(...made.pruned.map(dot => this.numberOf(dot)))
    this.pruned |= gone
    const writes = [...attributes.values()].map(({ name, time, dot }) => ({
      version: undefined,
      name,
      time,
      event: dotText(dot),
    }))
    const events = {
      seen: setOf(number) | gone,
      present: new Map([[number, covered]]),
      writes: new Set<AttributeWrite>(writes),
    }
    const arriving = makeState(delta, [version], attributes)
    at.apply(plan, mergeStates(at.state, arriving), mergeEvents(at.events, events))
    this.messages.push({ delta: { context: delta, versions: [version], attributes }, events })
    this.tokens.push({ context: contextAfterWrite(version), events: covered | setOf(number) })
  }

  purge(at: Agent, token: Taken): void {
    this.purged |= token.events
    const message = {
      delta: { context: token.context, versions: [] },
      events: { ...nothing, seen: token.events },
    }
    this.messages.push(message)
    at.receive(message)
  }

  removeVersion(at: Agent, dot: Dot): void {
    this.purge(at, { context: contextOfExactDot(dot), events: setOf(this.numberOf(dot)) })
  }

  setAttribute(at: Agent, of: Dot | undefined, name: string, value: Uint8Array | undefined): void {
    at.time++
    const dot = { actor: at.actor, counter: ++at.counter }
    const attributes = attributesOf([{ version: of, name, value, time: at.time, dot }])
    const version = of === undefined ? undefined : this.numberOf(of)
    const events = { ...nothing, writes: new Set([{ version, name, time: at.time, event: dotText(dot) }]) }
    const message = { delta: { context: emptyContext, versions: [], attributes }, events }
    this.messages.push(message)
    at.receive(message)
  }

  takeReport(at: Agent, limit?: number): Reported {
    const reported = at.report(limit)
    this.reports.push(reported)
    return reported
  }

  /** `from` forgets the key after another agent has all that it knew. */
  handOver(from: Agent, to: Agent): void {
    to.receive(from.wholeState())
    if (this.#without !== 'what was dropped is remembered') {
      from.dropped = Math.max(from.dropped, highestCounter(closedContext(from.state), from.actor))
    }
    from.reset(undefined)
  }

  newActor(of: Agent): void {
    of.actor = actor(this.#actors++)
    of.dropped = 0
  }

  snapshot(at: Agent): void {
    const { state, summary, events, counter } = at
    this.#snapshots.set(at, { state, summary, events, counter })
  }

  /** An old copy of the disk takes its place, under a new actor. Without `heir` what only it had is lost. */
  restore(at: Agent, heir: Agent | undefined): void {
    if (heir === undefined) this.lossy = true
    else heir.receive(at.wholeState())
    const copy = this.#snapshots.get(at)
    at.reset(copy)
    if (this.#without === 'a restored disk takes a new actor') at.counter = copy?.counter ?? 0
    else this.newActor(at)
  }

  /** All versions, oldest first. */
  byAge(): number[] {
    const ages = this.minted.map(({ version: { dot, createdAt } }, number) => ({
      number,
      dot,
      createdAt,
      head: false,
    }))
    return ages.sort(compareAge).map(({ number }) => number)
  }
}

function newestOf({ report }: Reported): number {
  return report.oldest.at(-1)?.createdAt ?? 0
}
