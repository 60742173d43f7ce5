import { type CausalContext, decodeContext } from '@torc/cluster/clocks/causal-context'
import { actorId } from '@torc/cluster/clocks/dot'
import { type Ballot, higherBallot, noBallot, sameBallot } from '@torc/cluster/consensus/ballot'
import type { HandedOut } from '@torc/cluster/consensus/condition'
import { decodeProposal, encodeProposal, type Proposal } from '@torc/cluster/consensus/proposal'
import { type Attributes, noAttributes } from '@torc/cluster/state/attributes'
import { decodeAttributes } from '@torc/cluster/state/attributes-codec'
import { readNullDots } from '@torc/cluster/state/null-dots'
import type { NullVersions } from '@torc/cluster/state/null-versions'
import type { Version } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { TorcError } from '@torc/protocol/errors'
import type { Answer, OutgoingBody } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'
import type { RequestOf } from '@torc/protocol/messages/table'
import { isStaleLayout } from '../agents/agents.js'
import { throwStaleCollection } from '../collection/collection-numbers.js'
import type { Coordination } from '../core/coordination.js'
import { type Deadline, readAttemptMs, writeAttemptMs } from '../core/deadline.js'
import { keyFields, type Placement } from '../core/placement.js'
import { sendMerge } from '../flows/send-merge.js'
import { collectAcks, describeErrors } from '../quorum/collect-acks.js'
import { PlaceTally } from '../quorum/place-tally.js'
import { owner, quorumsOf, type WriteTarget } from '../quorum/write-quorum.js'

/** What an owner accepted last. */
export interface Accepted {
  readonly ballot: Ballot
  readonly proposal: Proposal
  readonly body: OutgoingBody | undefined
  /** Its version is in the owner's state of the key. */
  readonly learned: boolean
}

/** An owner's promise, and what it holds of the key at that moment. */
export interface OwnersPromise {
  readonly agent: string
  readonly accepted: Accepted | undefined
  readonly handedOut: HandedOut | undefined
  readonly digest: Uint8Array
  /** Undefined: they can't be judged alone, the state is to be read. */
  readonly heads: readonly Version[] | undefined
  /** Closed. */
  readonly context: CausalContext
  readonly newest: number
  readonly seq: number
  /** The key's own registers. */
  readonly attributes: Attributes
  /** Null versions that it holds. */
  readonly nulls: NullVersions
  /** Report of the oldest versions, where a policy limits them. */
  readonly live: Uint8Array | undefined
}

/** How an attempt to have a proposal accepted ended. */
export type AcceptOutcome =
  | 'accepted'
  /** A higher ballot was promised, or too few could be reached: it may be chosen, now or later, or never. */
  | 'open'

/**
 * One round of a key's register, under one ballot, among the key's owners (CASPaxos: Rystsov 2018; DESIGN §5). What is
 * asked of agents goes to all that are live; a step is done once a majority (and the quorums of the placement) did it.
 */
export class Round {
  /** The highest ballot that some owner turned out to have promised. */
  highest: Ballot = noBallot
  readonly #c: Coordination
  readonly #p: Placement
  readonly #live: readonly string[]
  readonly #ballot: Ballot
  readonly #deadline: Deadline

  constructor(c: Coordination, p: Placement, live: readonly string[], ballot: Ballot, deadline: Deadline) {
    this.#c = c
    this.#p = p
    this.#live = live
    this.#ballot = ballot
    this.#deadline = deadline
  }

  /** Promises of the read quorum, one of them with a fresh dot; undefined where another round is ahead. */
  async prepare(policy: string | undefined): Promise<readonly OwnersPromise[] | undefined> {
    const promises: OwnersPromise[] = []
    const giver = this.#live[0]
    const acks = collectAcks(this.#tally(this.#p.bucket.readQuorum), this.#live, async agent => {
      const promise = await this.#prepareAt(agent, agent === giver, policy)
      if (promise !== undefined) promises.push(promise)
      return promise !== undefined
    })
    await acks.decided
    this.#throwStale(acks.errors)
    if (acks.tally.verdict !== 'reached') {
      if (!sameBallot(this.highest, noBallot)) return undefined
      throw this.#tooFew('took part in the decision', acks.errors, promises.length)
    }
    const heard = [...promises]
    if (heard.some(({ handedOut }) => handedOut !== undefined)) return heard
    // The one that was to hand out a dot is slow, or gone: the first that answered does.
    const [first, ...others] = heard
    const again = first === undefined ? undefined : await this.#prepareAt(first.agent, true, policy)
    return again === undefined ? undefined : [again, ...others]
  }

  /**
   * Has a proposal accepted. `intentAt`: the owner with the intent of an operation whose body is in blocks is asked alone
   * at first (INTENT_EXPIRED), so that from then on an audit finds the proposal there.
   */
  async accept(
    proposal: Proposal,
    body: OutgoingBody | undefined,
    intentAt?: string,
  ): Promise<AcceptOutcome> {
    const encoded = encodeProposal(proposal)
    const send = async (agent: string): Promise<boolean> => {
      const request: RequestOf<'accept'> = { ...this.#fields(), proposal: encoded }
      if (agent === intentAt) request.intent = true
      const { head } = await this.#c.agents.request(agent, 'accept', request, {
        body,
        timeoutMs: this.#deadline.attempt(writeAttemptMs),
      })
      this.#c.hybridClock.observe(head.time)
      return this.#holds(head.promised)
    }
    let others = this.#live
    if (intentAt !== undefined) {
      if (!(await send(intentAt))) return 'open'
      others = others.filter(agent => agent !== intentAt)
    }
    const tally = this.#tally(this.#p.bucket.readQuorum, intentAt === undefined ? [] : [owner(intentAt)])
    const acks = collectAcks(tally, others, send)
    await acks.decided
    this.#throwStale(acks.errors)
    return acks.tally.verdict === 'reached' ? 'accepted' : 'open'
  }

  /**
   * What was accepted under this ballot is chosen: brings it into the key's state of the write quorum, with the owners'
   * contexts afterwards; the rest goes on. INDETERMINATE when too few take it: it is decided, and an owner will see to it.
   */
  async learn(
    proposal: Proposal,
    body: OutgoingBody | undefined,
  ): Promise<(readonly [agent: string, context: CausalContext])[]> {
    const replicas: [string, CausalContext][] = []
    const acks = collectAcks(this.#tally(this.#p.bucket.writeQuorum), this.#live, async agent => {
      const { head } = await this.#c.agents.request(agent, 'learn', this.#fields(), {
        timeoutMs: this.#deadline.attempt(writeAttemptMs),
      })
      this.#c.hybridClock.observe(head.time)
      // "Seen" is an ack here: it is chosen, and what removed it since was built on it.
      const context = head.outcome === 'unknown' ? await this.#merge(agent, proposal, body) : head.context
      replicas.push([agent, decodeContext(context, 'CORRUPT')])
      return true
    })
    await acks.decided
    if (acks.tally.verdict === 'reached') return [...replicas]
    throwStaleCollection(acks.errors)
    throw new TorcError(
      'INDETERMINATE',
      `the write was decided, and ${replicas.length} of ${this.#p.writeQuorum} agents have it so far (${describeErrors(acks.errors)})`,
    )
  }

  /** So many owners; of each layout while one changes to the other (DESIGN §6). */
  #tally(quorum: number, filled: readonly WriteTarget[] = []): PlaceTally {
    return new PlaceTally(quorumsOf(this.#p.writeGroups, quorum), filled)
  }

  /** To an owner that did not accept it. */
  async #merge(agent: string, { version }: Proposal, body: OutgoingBody | undefined): Promise<Uint8Array> {
    if (version === undefined) throw new TorcError('INTERNAL', 'there is nothing to learn')
    const { record, delta, attributes } = version
    const sent = { context: delta, record, ...(attributes === undefined ? {} : { attributes }) }
    return (await sendMerge(this.#c, this.#p, owner(agent), sent, body, this.#deadline)).context
  }

  async #prepareAt(
    agent: string,
    wantsDot: boolean,
    policy: string | undefined,
  ): Promise<OwnersPromise | undefined> {
    const request: RequestOf<'prepare'> = this.#fields()
    if (wantsDot) request.dot = true
    if (policy !== undefined) request.policy = policy
    const answer = await this.#c.agents.request(agent, 'prepare', request, {
      timeoutMs: this.#deadline.attempt(readAttemptMs),
    })
    this.#c.hybridClock.observe(answer.head.time)
    const accepted = await acceptedOf(answer)
    return this.#holds(answer.head.promised) ? promiseOf(agent, answer, accepted) : undefined
  }

  /** Whether an owner went along with this ballot. */
  #holds(promised: Ballot): boolean {
    if (sameBallot(promised, this.#ballot)) return true
    this.highest = higherBallot(this.highest, promised)
    return false
  }

  #fields() {
    return { ...keyFields(this.#c, this.#p), ballot: this.#ballot, replicas: this.#p.bucket.replicas }
  }

  #throwStale(errors: ReadonlyMap<string, TorcError>): void {
    for (const error of errors.values()) if (isStaleLayout(error) || error.code === 'CANCELLED') throw error
  }

  #tooFew(what: string, errors: ReadonlyMap<string, TorcError>, count: number): TorcError {
    return new TorcError(
      'UNAVAILABLE',
      `${count} of ${this.#p.readQuorum} owners ${what} (${describeErrors(errors) || 'the rest is down'}); a condition needs a majority of them`,
      { details: { owners: this.#p.owners } },
    )
  }
}

async function acceptedOf({ head, body }: Answer<'prepare'>): Promise<Accepted | undefined> {
  const pieces =
    body === undefined ? undefined : (body.inline ?? [await body.bytes(limits.storedInlineBytesMax)])
  const { accepted: ballot, proposal, learned = false } = head
  if (ballot === undefined || proposal === undefined) return undefined
  // Copied: the received buffer is used again once the answer is done with.
  const kept = pieces === undefined ? undefined : [Buffer.concat(pieces)]
  return { ballot, proposal: decodeProposal(proposal), body: kept, learned }
}

function promiseOf(
  agent: string,
  { head }: Answer<'prepare'>,
  accepted: Accepted | undefined,
): OwnersPromise {
  const { dot, after, digest, context, newest = 0, seq = 0, heads, attributes, live, nulls } = head
  if (digest === undefined || context === undefined) {
    throw new TorcError('PROTOCOL', `agent ${agent} promised without telling what it holds`)
  }
  return {
    agent,
    accepted,
    handedOut:
      dot === undefined || after === undefined
        ? undefined
        : { dot: { actor: actorId(dot[0]), counter: dot[1] }, after },
    ...{ digest, newest, seq, live },
    nulls: readNullDots(nulls),
    heads: heads?.map(record => decodeVersion(record)),
    context: decodeContext(context, 'CORRUPT'),
    attributes: attributes === undefined ? noAttributes : decodeAttributes(attributes, 'CORRUPT'),
  }
}
