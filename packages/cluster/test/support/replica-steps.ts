import { dotText } from '../../src/clocks/dot.js'
import type { LocalVersions } from '../../src/state/key-summary.js'
import type { Agent } from './replica-agent.js'
import type { Replicas } from './replicas.js'

/** An agent that knows no versions of the key. */
export const noVersions: LocalVersions = { has: () => false, all: () => [] }

/** Dots of the heads that an agent holds, newest first. */
export function headsAt(at: Agent): string[] {
  return (at.summary?.heads ?? []).map(head => dotText(head.dot))
}

export function lastMessage(replicas: Replicas) {
  const message = replicas.messages.at(-1)
  if (message === undefined) throw new Error('nothing was sent')
  return message
}

/** Every agent gets every other's whole state. */
export function heal(replicas: Replicas): void {
  for (let round = 0; round < 2; round++) {
    for (const from of replicas.agents) for (const to of replicas.agents) to.receive(from.wholeState())
  }
}
