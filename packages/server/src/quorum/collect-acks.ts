import { TorcError } from '@torc/protocol/errors'
import { Tally } from './tally.js'

/** A write on its way to several agents. */
export interface AckCollection {
  readonly tally: Tally
  /** Errors of the agents that failed so far. */
  readonly errors: ReadonlyMap<string, TorcError>
  /** Resolves (never rejects) as soon as the quorum is reached or out of reach; what is under way goes on. */
  readonly decided: Promise<void>
  /** Resolves (never rejects) when the last agent has answered or failed. */
  readonly settled: Promise<void>
}

/**
 * Sends to all `agents` at once and counts acks towards `needed`. `send` resolves to whether the agent has it on
 * stable storage; a rejection counts as a failure and is kept in `errors`.
 */
export function collectAcks(
  needed: number,
  agents: readonly string[],
  send: (agent: string) => Promise<boolean>,
): AckCollection {
  const tally = new Tally(needed, agents)
  const errors = new Map<string, TorcError>()
  let decide: () => void = () => {}
  const decided = new Promise<void>(resolve => {
    decide = resolve
  })
  if (tally.verdict !== 'open') decide()
  const all = agents.map(async agent => {
    try {
      if (await send(agent)) tally.ack(agent)
      else tally.fail(agent)
    } catch (thrown) {
      errors.set(agent, TorcError.from(thrown))
      tally.fail(agent)
    }
    if (tally.verdict !== 'open') decide()
  })
  return { tally, errors, decided, settled: Promise.all(all).then(() => undefined) }
}

/** What went wrong, in one line, for messages: `agent-1: TIMEOUT, agent-2: DISK_FULL`. */
export function describeErrors(errors: ReadonlyMap<string, TorcError>): string {
  return Array.from(errors, ([agent, error]) => `${agent}: ${error.code}`).join(', ')
}
