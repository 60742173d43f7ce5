import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import {
  type Ballot,
  collectionOf,
  compareBallots,
  makeBallot,
  roundOf,
  sameBallot,
} from '@torc/cluster/consensus/ballot'
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
    for (const { name } of rows.unlearned(due, keysAtOnce)) {
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
    if (!layout.owns(name.partition)) return
    const owners = layout.ownersOf(name.partition).slice(0, name.replicas)
    const majority = Math.floor(owners.length / 2) + 1
    const before = rows.find(name)
    const round = Math.max(hybridClock.now(), before === undefined ? 0 : roundOf(before.promised) + 1)
    // Known before anything is asked. A raise may have reached the others alone: then the next attempt has their number.
    const collection = Math.max(collections.of(name.partition), this.#heard.get(name.partition) ?? 0)
    const ballot = makeBallot(random, round, collection)
    const promises = await this.#ask(owners, majority, async owner => {
      const promise = await this.#prepare(owner, name, ballot, signal)
      if (!sameBallot(promise.promised, ballot)) throw overtaken()
      return promise
    })
    const highest = highestOf(promises)
    if (highest === undefined) return
    if (highest.learned) {
      const own = rows.find(name)?.accepted
      if (own !== undefined && sameBallot(own.ballot, highest.ballot))
        await register.learn(name, own.ballot, collectionOf(ballot))
      else await register.overtaken(name, highest.ballot, highest.proposal)
      return
    }
    const { proposal, body } = highest
    const accepted = new Set<string>()
    await this.#ask(owners, majority, async owner => {
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

  /** Answers of all owners that gave one; rejects where they are no majority, with STALE_COLLECTION where one said that. */
  async #ask<T>(
    owners: readonly string[],
    majority: number,
    ask: (owner: string) => Promise<T>,
  ): Promise<T[]> {
    const outcomes = await Promise.allSettled(owners.map(ask))
    const answers = outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    if (answers.length >= majority) return answers
    for (const outcome of outcomes)
      if (outcome.status === 'rejected' && newerCollection(outcome.reason) !== undefined) throw outcome.reason
    throw new TorcError('UNAVAILABLE', `${answers.length} of ${majority} owners took part in the round`)
  }
}

/** What was accepted under the highest ballot; learned, where any owner has learned it. */
function highestOf(promises: readonly OwnersPromise[]): AcceptedProposal | undefined {
  let highest: AcceptedProposal | undefined
  for (const { accepted } of promises) {
    if (accepted === undefined) continue
    const order = highest === undefined ? 1 : compareBallots(accepted.ballot, highest.ballot)
    if (order > 0 || (order === 0 && accepted.learned)) highest = accepted
  }
  return highest
}

function overtaken(): TorcError {
  return new TorcError('SUPERSEDED', 'another round is under way')
}
