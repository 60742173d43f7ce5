import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import { type Ballot, collectionOf, makeBallot, roundOf, sameBallot } from '@torc/cluster/consensus/ballot'
import { highestAccepted, isHollow } from '@torc/cluster/consensus/highest'
import { majority } from '@torc/cluster/consensus/majority'
import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Log } from '@torc/protocol/environment/log'
import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import type { GroupCommit } from '../index/group-commit.js'
import type { KeyName } from '../index/key-writer.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import { type CollectionNumbers, newerCollection } from '../remainders/collection-numbers.js'
import type { AcceptedProposal, BallotRows } from './ballot-rows.js'
import type { OtherOwners, OwnersPromise } from './other-owners.js'
import type { Register } from './register.js'

export interface RecoveryParts {
  readonly nodeId: string
  readonly rows: BallotRows
  readonly register: Register
  readonly others: OtherOwners
  readonly collections: CollectionNumbers
  readonly layout: AgentLayout
  readonly commit: GroupCommit
  readonly clock: Clock
  readonly hybridClock: HybridClock
  readonly random: Random
  readonly log: Log
}

/** A proposal that was not learned for so long is brought to its end by an owner, in milliseconds (DESIGN §5). */
export const unlearnedMs = 10_000
/** Wait after keys whose owners could not be asked. */
const againMs = 2_000
const keysAtOnce = 16

/**
 * Ends rounds that nobody ends: their server died, or was cut off. A proposal that may be chosen is proposed again as it
 * is, under a higher ballot; one that was overtaken is given up. Both are rounds like any other, so that any number of
 * owners, and servers beside them, may be at it at once.
 */
export class RecoveryWorker implements Worker {
  readonly name = 'proposals'
  readonly #parts: RecoveryParts
  #ended = 0
  /** Collection numbers of partitions that other owners were found to have. */
  readonly #heard = new Map<number, number>()

  constructor(parts: RecoveryParts) {
    this.#parts = parts
  }

  async step(signal: AbortSignal): Promise<WorkerOutcome> {
    const { rows, clock, commit, log } = this.#parts
    const due = clock.nowMs() - unlearnedMs
    if (!rows.anyUnlearned(due)) return 'idle'
    let failed = 0
    for (const name of rows.unlearned(due, keysAtOnce)) {
      if (signal.aborted) return 'idle'
      try {
        await this.#end(name, signal)
        this.#ended++
      } catch (thrown) {
        // Owners are out of reach, or somebody else is at it: others' turn first.
        failed++
        this.#heard.set(name.partition, newerCollection(thrown) ?? this.#heard.get(name.partition) ?? 0)
        log.debug({ code: TorcError.from(thrown).code }, 'a proposal could not be brought to its end')
        await commit.submit(() => rows.postpone(name, clock.nowMs() - unlearnedMs + againMs))
      }
    }
    return failed > 0 ? { throttledMs: againMs } : 'busy'
  }

  progress(): string {
    return `${this.#ended} rounds of others were brought to their end since the start`
  }

  async #end(name: KeyName, signal: AbortSignal): Promise<void> {
    const { rows, register, layout, collections, hybridClock, random } = this.#parts
    // Those that own the key now have taken the row over.
    if (!layout.owns(name.partition, name.replicas))
      throw new TorcError('NOT_OWNER', 'other agents own the key and end what is open of it')
    const owners = layout.writeGroups(name.partition, name.replicas)
    const before = rows.find(name)
    const round = Math.max(hybridClock.now(), before === undefined ? 0 : roundOf(before.promised) + 1)
    // Known before anything is asked. A raise may have reached the others alone: then the next attempt has their number.
    const collection = Math.max(collections.of(name.partition), this.#heard.get(name.partition) ?? 0)
    const ballot = makeBallot(random, round, collection)
    const promises = await this.#ask(owners, async owner => {
      const promise = await this.#prepare(owner, name, ballot, signal)
      if (!sameBallot(promise.promised, ballot)) throw overtaken()
      return promise
    })
    const highest = highestAccepted(promises.map(({ accepted }) => accepted))
    if (highest === undefined) return
    // Whoever has it is among those that did not answer.
    if (isHollow(highest)) throw new TorcError('UNAVAILABLE', 'nobody who answers has what was decided')
    if (highest.learned) {
      const own = rows.find(name)?.accepted
      if (own !== undefined && sameBallot(own.ballot, highest.ballot))
        await register.learn(name, own.ballot, undefined, collectionOf(ballot))
      else await register.overtaken(name, highest.ballot, highest.proposal)
      return
    }
    const { proposal, body } = highest
    const accepted = new Set<string>()
    await this.#ask(owners, async owner => {
      const promised = await this.#accept(owner, name, ballot, highest, signal)
      if (!sameBallot(promised, ballot)) throw overtaken()
      accepted.add(owner)
      return { promised, proposal, body }
    })
    // Those that could not be asked are reached by anti-entropy.
    await Promise.allSettled([...accepted].map(owner => this.#learn(owner, name, ballot, signal)))
  }

  #prepare(owner: string, name: KeyName, ballot: Ballot, signal: AbortSignal): Promise<OwnersPromise> {
    const { nodeId, register, others } = this.#parts
    if (owner !== nodeId) return others.prepare(owner, name, ballot, signal)
    return register.prepare(name, ballot, false, () => undefined)
  }

  #accept(
    owner: string,
    name: KeyName,
    ballot: Ballot,
    { proposal, body }: AcceptedProposal,
    signal: AbortSignal,
  ): Promise<Ballot> {
    const { nodeId, register, others } = this.#parts
    if (owner !== nodeId) return others.accept(owner, name, ballot, proposal, body, signal)
    return register.accept(name, ballot, proposal, body, false)
  }

  async #learn(owner: string, name: KeyName, ballot: Ballot, signal: AbortSignal): Promise<void> {
    const { nodeId, register, others } = this.#parts
    if (owner === nodeId) await register.learn(name, ballot)
    else await others.learn(owner, name, ballot, signal)
  }

  /**
   * Answers of all owners that gave one; rejects where they are no majority of each layout that counts, with
   * STALE_COLLECTION where one said that.
   */
  async #ask<T>(groups: readonly (readonly string[])[], ask: (owner: string) => Promise<T>): Promise<T[]> {
    const answers = new Map<string, T>()
    let stale: unknown
    await Promise.all(
      Array.from(new Set(groups.flat()), async owner => {
        try {
          answers.set(owner, await ask(owner))
        } catch (thrown) {
          if (newerCollection(thrown) !== undefined) stale = thrown
        }
      }),
    )
    const isShort = groups.some(
      owners => owners.filter(owner => answers.has(owner)).length < majority(owners.length),
    )
    if (!isShort) return [...answers.values()]
    if (stale !== undefined) throw stale
    throw new TorcError('UNAVAILABLE', `${answers.size} owners took part in the round, which are no majority`)
  }
}

function overtaken(): TorcError {
  return new TorcError('SUPERSEDED', 'another round is under way')
}
