import { TorcError } from '@torc/protocol/errors'
import type { PlaceTally } from './place-tally.js'
import { owner } from './write-quorum.js'

/** A write on its way to several owners. */
export interface AckCollection {
  readonly tally: Pick<PlaceTally, 'verdict' | 'acknowledged' | 'failed'>
  /** Errors of the owners that failed so far. */
  readonly errors: ReadonlyMap<string, TorcError>
  /** Resolves (never rejects) as soon as the quorum is reached or out of reach; what is under way goes on. */
  readonly decided: Promise<void>
  /** Resolves (never rejects) when the last owner has answered or failed. */
  readonly settled: Promise<void>
}

/**
 * Sends to all `owners` at once and counts their acks in `tally`; nobody stands in for them. `send` resolves to whether
 * the owner has it on stable storage; a rejection counts as a failure and is kept in `errors`.
 */
export function collectAcks(
  tally: PlaceTally,
  owners: readonly string[],
  send: (owner: string) => Promise<boolean>,
): AckCollection {
  const errors = new Map<string, TorcError>()
  let decide: () => void = () => {}
  const decided = new Promise<void>(resolve => {
    decide = resolve
  })
  const targets = owners.map(owner)
  for (const target of targets) tally.ask(target)
  tally.judge()
  if (tally.verdict !== 'open') decide()
  const all = targets.map(async target => {
    const { agent } = target
    try {
      if (await send(agent)) tally.ack(target)
      else tally.fail(target)
    } catch (thrown) {
      errors.set(agent, TorcError.from(thrown))
      tally.fail(target)
    }
    if (tally.verdict !== 'open') decide()
  })
  return { tally, errors, decided, settled: Promise.all(all).then(() => undefined) }
}

/** What went wrong, in one line, for messages: `agent-1: TIMEOUT, agent-2: DISK_FULL`. */
export function describeErrors(errors: ReadonlyMap<string, TorcError>): string {
  return Array.from(errors, ([agent, error]) => `${agent}: ${error.code}`).join(', ')
}
