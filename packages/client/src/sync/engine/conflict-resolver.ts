import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import { makeOperationId } from '@torc/protocol/identifiers/operation-id'
import { conflictName } from '../plan/conflict-name.js'
import type { Step } from '../plan/step.js'
import type { RemoteFolder } from '../ports/remote-folder.js'
import { type RemoteEntry, type RemoteHead, sameContent } from '../trees/entry.js'
import type { StepResult } from './step-runner.js'
import type { SyncState } from './sync-state.js'

type Conflict = Extract<Step, { readonly does: 'resolve' | 'giveWay' }>

/** Conflict names that are tried before the conflict is left for people. */
const attemptsMax = 100

/**
 * Resolves conflicts in the store, where every client would do the same: each loser gets a name of its own, then the winner
 * is written over all heads. Any step may be repeated, by this client or another one: what is there already is found. No
 * bytes move through this machine. A write that was made meanwhile is no part of what the context covers and stays a head.
 */
export class ConflictResolver {
  readonly #remote: RemoteFolder
  readonly #state: SyncState
  readonly #random: Random
  readonly #signal: AbortSignal | undefined
  readonly #onConflict: (name: string, conflictName: string) => void

  constructor(
    remote: RemoteFolder,
    state: SyncState,
    random: Random,
    signal: AbortSignal | undefined,
    onConflict: (name: string, conflictName: string) => void,
  ) {
    this.#remote = remote
    this.#state = state
    this.#random = random
    this.#signal = signal
    this.#onConflict = onConflict
  }

  async run(step: Conflict): Promise<StepResult> {
    const now = await this.#remote.look(step.name, this.#signal)
    if (now === undefined || !sameHeads(now, step.remote)) {
      this.#state.setRemote(step.name, now)
      return 'changed'
    }
    const losers = new Set(step.losers.map(({ head }) => head.versionId))
    // As the store tells of them now: when and by whom they were made is part of their new names.
    for (const head of now.heads) if (losers.has(head.versionId)) await this.#setAside(step.name, head)
    if (step.does === 'giveWay') await this.#remote.remove(step.name, now.context, this.#signal)
    else await this.#settle(step.name, step.winner, now)
    this.#state.lookAgain(step.name)
    return 'done'
  }

  /** The loser's bytes get a name of their own, unless an earlier attempt or another client gave them one. */
  async #setAside(name: string, head: RemoteHead): Promise<void> {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const aside = conflictName(name, head, attempt)
      const made = await this.#remote.copyNew({ name, head }, aside, this.#signal)
      this.#state.lookAgain(aside)
      if (made !== undefined) {
        this.#onConflict(name, aside)
        return
      }
      const there = await this.#remote.look(aside, this.#signal)
      if (there?.heads.some(({ content }) => sameContent(content, head.content))) return
    }
    throw new TorcError('CONFLICT', `${name} has too many conflict copies already`, {
      hint: 'Remove those that are not needed any more.',
    })
  }

  async #settle(name: string, winner: RemoteHead, { context }: RemoteEntry): Promise<void> {
    const opId = makeOperationId(this.#random)
    const from = { name, versionId: winner.versionId }
    const options = { mtimeMs: winner.mtimeMs, context, opId, signal: this.#signal }
    await this.#remote.copy(from, name, winner.content, options)
  }
}

function sameHeads(a: RemoteEntry, b: RemoteEntry): boolean {
  const ids = ({ heads, besideMarker }: RemoteEntry) =>
    `${besideMarker} ${heads.map(({ versionId }) => versionId).join(' ')}`
  return ids(a) === ids(b)
}
