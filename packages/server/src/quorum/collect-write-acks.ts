import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'
import { isStaleLayout } from '../agents/agents.js'
import type { PlaceTally } from './place-tally.js'
import type { WritePlan } from './targets.js'
import type { WriteTarget } from './write-quorum.js'

/** An owner that has not answered after this long gets a stand-in while the quorum is open, in milliseconds. */
const hedgeMs = 1_000

/** Failures that another agent would answer with too. */
const futile = new Set<string>(['BAD_REQUEST', 'TOO_LARGE', 'CHECKSUM', 'DENIED', 'UNSUPPORTED', 'CANCELLED'])

/** A write on its way to owners and to agents that stand in for them. */
export interface WriteAcks {
  readonly tally: Pick<PlaceTally, 'verdict' | 'acknowledged' | 'failed'>
  /** Errors of the agents that failed so far. */
  readonly errors: ReadonlyMap<string, TorcError>
  /** Resolves (never rejects) as soon as the quorum is reached or out of reach; what is under way goes on. */
  readonly decided: Promise<void>
  /** Resolves (never rejects) when the last agent has answered or failed. */
  readonly settled: Promise<void>
  /** Agents that have hints on stable storage, each with the owners that they are for. */
  readonly hinted: ReadonlyMap<string, readonly string[]>
  /**
   * Resolves once no stand-in's answer is outstanding, or after a moment: an answer that names all hints is worth that.
   * Undefined where none is.
   */
  hintsSettled(): Promise<void> | undefined
}

/** That moment, in milliseconds: nothing of it is spent where no owner is down. */
const hintsMs = 50

/**
 * Sends to all `targets` of a plan and counts the places of owners that are filled towards its quorums, those of
 * `filled` among them; for each target that fails, or is silent for too long, the next fallback is asked. `send` resolves to whether the agent has it on stable storage. What is under way when the
 * quorum is reached goes on, and an owner that fails then gets its stand-in all the same: the hint spares a repair.
 */
export function collectWriteAcks(
  clock: Clock,
  plan: WritePlan,
  targets: readonly WriteTarget[],
  send: (target: WriteTarget) => Promise<boolean>,
  filled: readonly WriteTarget[] = [],
): WriteAcks {
  const tally = plan.tally(filled)
  const errors = new Map<string, TorcError>()
  const hinted = new Map<string, readonly string[]>()
  const waiting = new Set<WriteTarget>()
  let cancelHedge: (() => void) | undefined
  let underWay = 0
  let onAnswer: () => void = () => {}
  let decide: () => void = () => {}
  let settle: () => void = () => {}
  const decided = new Promise<void>(resolve => {
    decide = resolve
  })
  const settled = new Promise<void>(resolve => {
    settle = resolve
  })
  const check = (): void => {
    if (tally.verdict !== 'open') {
      cancelHedge?.()
      decide()
    }
    if (underWay === 0) settle()
  }
  const ask = (failed: WriteTarget): void => {
    const next = plan.replace(failed)
    if (next !== undefined) start(next)
  }
  const start = (target: WriteTarget): void => {
    underWay++
    waiting.add(target)
    tally.ask(target)
    void send(target)
      .then(
        stored => {
          waiting.delete(target)
          if (!stored) return tally.fail(target)
          if (target.standsFor.length > 0) hinted.set(target.agent, target.standsFor)
          tally.ack(target)
        },
        (thrown: unknown) => {
          waiting.delete(target)
          const error = TorcError.from(thrown)
          errors.set(target.agent, error)
          if (!isStaleLayout(error) && !futile.has(error.code)) ask(target)
          tally.fail(target)
        },
      )
      .then(() => {
        underWay--
        check()
        onAnswer()
      })
  }
  for (const target of targets) start(target)
  tally.judge()
  if (tally.verdict === 'open' && plan.hasFallbacks)
    cancelHedge = clock.after(hedgeMs, () => {
      for (const target of [...waiting]) ask(target)
    })
  check()
  const standsIn = (): boolean => [...waiting].some(({ standsFor }) => standsFor.length > 0)
  const hintsSettled = (): Promise<void> | undefined => {
    if (plan.down.length === 0 || !standsIn()) return undefined
    return new Promise(resolve => {
      const cancel = clock.after(hintsMs, resolve)
      onAnswer = () => {
        if (standsIn()) return
        cancel()
        resolve()
      }
    })
  }
  return { tally, errors, hinted, decided, settled, hintsSettled }
}
