import { type Ballot, makeBallot, roundOf, sameBallot } from '@torc/cluster/consensus/ballot'
import { majority } from '@torc/cluster/consensus/majority'
import { type Promised, valueToPropose } from '@torc/cluster/consensus/single-decree'
import { TorcError } from '@torc/protocol/errors'
import type { Coordination } from '../core/coordination.js'
import { writeAttemptMs } from '../core/deadline.js'
import { describeErrors } from '../quorum/collect-acks.js'
import type { Layout } from './layout.js'

/** Rounds that a proposer tries: each one fails only where another proposer overtook it. */
const roundsMax = 12
/** Pause after a round that was overtaken: random, so that two proposers do not march in step. */
const pauseMs = 200

/**
 * Has the agents of `current` decide on the layout after it (DESIGN §6): single-decree Paxos, a majority of them for
 * each number. Resolves with the layout that was chosen, which may be another one than `own`: of any number of
 * proposers all get the same. UNAVAILABLE where too few vote: nothing was decided by this call; INDETERMINATE where
 * too few are known to have accepted.
 */
export async function decideEpoch(c: Coordination, current: Layout, own: Uint8Array): Promise<Uint8Array> {
  const next = { number: current.number + 1, parent: current.hash }
  const voters = current.agents.map(({ id }) => id)
  const needed = majority(voters.length)
  let round = 1
  for (let attempt = 1; attempt <= roundsMax; attempt++) {
    const ballot = makeBallot(c.environment.random, round)
    const prepared = await askAll(voters, async agent => {
      const { head } = await c.agents.request(
        agent,
        'prepareEpoch',
        { ...next, ballot },
        { timeoutMs: writeAttemptMs },
      )
      return head
    })
    const promises = prepared.answers.filter(({ promised }) => sameBallot(promised, ballot))
    round = 1 + highestRound(round, prepared.answers)
    if (promises.length < needed) {
      if (prepared.answers.length < needed) throw tooFewVotes(current, prepared, needed)
      await pause(c)
      continue
    }
    const value = valueToPropose(promises.map(promisedOf), own)
    const accepted = await askAll(voters, async agent => {
      const request = { ...next, ballot, epoch: value }
      const { head } = await c.agents.request(agent, 'acceptEpoch', request, { timeoutMs: writeAttemptMs })
      return head
    })
    const count = accepted.answers.filter(({ promised }) => sameBallot(promised, ballot)).length
    if (count >= needed) return value
    if (accepted.answers.length < needed) throw notKnownAccepted(current, accepted.errors)
    round = Math.max(round, 1 + highestRound(round, accepted.answers))
    await pause(c)
  }
  throw new TorcError('UNAVAILABLE', 'other layouts are being applied at the same time', {
    hint: 'Look what came of them (`torc layout show`), and apply again.',
  })
}

interface Votes<T> {
  readonly answers: readonly T[]
  readonly errors: ReadonlyMap<string, TorcError>
}

async function askAll<T>(voters: readonly string[], ask: (agent: string) => Promise<T>): Promise<Votes<T>> {
  const answers: T[] = []
  const errors = new Map<string, TorcError>()
  await Promise.all(
    voters.map(async agent => {
      try {
        answers.push(await ask(agent))
      } catch (thrown) {
        errors.set(agent, TorcError.from(thrown))
      }
    }),
  )
  return { answers, errors }
}

function promisedOf(answer: {
  readonly accepted?: Uint8Array
  readonly epoch?: Uint8Array
}): Promised<Uint8Array> {
  return { accepted: answer.accepted, value: answer.epoch }
}

function highestRound(round: number, answers: readonly { readonly promised: Ballot }[]): number {
  return Math.max(round, ...answers.map(({ promised }) => roundOf(promised)))
}

async function pause(c: Coordination): Promise<void> {
  const { clock, random } = c.environment
  await new Promise<void>(resolve => {
    clock.after(pauseMs * random.fraction(), resolve)
  })
}

function tooFewVotes(current: Layout, { answers, errors }: Votes<unknown>, needed: number): TorcError {
  const stale = Array.from(errors.values()).find(({ code }) => code === 'STALE_EPOCH')
  if (stale !== undefined)
    return new TorcError('STALE_EPOCH', `layout ${current.number} has a successor already`, { cause: stale })
  return new TorcError(
    'UNAVAILABLE',
    `${answers.length} of ${needed} agents of layout ${current.number} voted on the next one (${describeErrors(errors)})`,
    {
      hint: 'A majority of them decides: bring them back, and wait until the last change is settled (`torc layout show`).',
    },
  )
}

function notKnownAccepted(current: Layout, errors: ReadonlyMap<string, TorcError>): TorcError {
  return new TorcError(
    'INDETERMINATE',
    `layout ${current.number + 1} may have been decided: too few agents answered (${describeErrors(errors)})`,
    { hint: 'Apply again: what was decided is found, and comes into force.' },
  )
}
