import { contextsEqual, covers, encodeContext } from '../../src/clocks/causal-context.js'
import { type Dot, dotText } from '../../src/clocks/dot.js'
import type { Attributes } from '../../src/state/attributes.js'
import {
  digestsEqual,
  emptyState,
  type KeyState,
  mergeStates,
  stateDigest,
} from '../../src/state/key-state.js'
import { decodeSummary, emptySummary, encodeSummary, summaryOf } from '../../src/state/key-summary.js'
import type { Version } from '../../src/state/version.js'
import { closureOf, hasEvent, headsIn, lastWrites } from './event-oracle.js'
import { same } from './pruning-checks.js'
import type { Agent } from './replica-agent.js'
import type { Replicas } from './replicas.js'

/** The three forms of the agent's state say the same. */
export function checkAgent(at: Agent, replicas: Replicas): void {
  const summary = at.summary ?? emptySummary
  const whole = summaryOf(at.state)
  same('context', contextsEqual(summary.context, whole.context))
  same('covered', contextsEqual(summary.covered, whole.covered))
  same('closed', contextsEqual(summary.closed, whole.closed))
  same('digest', digestsEqual(summary.digest, whole.digest))
  same('heads', dotsOf(summary.heads) === dotsOf(whole.heads))
  same('count', summary.versionCount === whole.versionCount)
  same('greatest seq', summary.maxSeq === whole.maxSeq)
  same('newest', summary.newest === whole.newest)
  same('null versions', summary.nulls.map(dotText).join() === whole.nulls.map(dotText).join())
  checkAttributes(at, summary.attributes, whole.attributes, replicas)

  const stored = encodeSummary(summary)
  const decoded = decodeSummary(stored)
  same('stored form', Buffer.compare(encodeSummary(decoded), stored) === 0)
  same('stored null versions', decoded.nulls.map(dotText).join() === summary.nulls.map(dotText).join())
  same('stored closed context', contextsEqual(decoded.closed, summary.closed))

  const heads = headsIn(at.events)
  same('heads by oracle', at.numbersOf(summary.heads) === heads)
  same('versions', at.state.versions.size === at.events.present.size)
  const closure = closureOf(at.events)
  for (const [number, { version }] of replicas.minted.entries()) {
    const { dot } = version
    same('held', at.state.versions.has(dotText(dot)) === at.events.present.has(number))
    same('seen', covers(summary.context, dot) === hasEvent(at.events.seen, number))
    same('closed by oracle', covers(summary.closed, dot) === hasEvent(closure, number))
  }
}

function checkAttributes(at: Agent, kept: Attributes, whole: Attributes, replicas: Replicas): void {
  if (kept.size === 0 && whole.size === 0 && at.events.writes.size === 0) return
  same('attributes', setsEqual(registers(kept), registers(whole)))
  const named = [...kept.values()].map(({ version, name, dot }) => {
    const owner = version === undefined ? '' : replicas.numberOf(version)
    return `${owner}/${name} ${dotText(dot)}`
  })
  same('attributes by oracle', setsEqual(new Set(named), lastWrites(at.events)))
}

/** Contexts and tokens cover what they were made from, and nothing that came later. */
export function checkContexts(replicas: Replicas): void {
  for (const [number, { version }] of replicas.minted.entries()) {
    const { dot } = version
    for (const other of replicas.minted) {
      same('covered by a version', covers(other.version.context, dot) === hasEvent(other.covered, number))
    }
    for (const token of replicas.tokens) {
      same('covered by a token', covers(token.context, dot) === hasEvent(token.events, number))
    }
  }
}

/** Heads are newest first and none covers another. */
export function checkHeads(at: Agent): void {
  const heads = at.summary?.heads ?? []
  for (const [i, head] of heads.entries()) {
    const before = heads[i - 1]
    if (before !== undefined) same('order of heads', before.createdAt >= head.createdAt)
    for (const other of heads) same('heads apart', other === head || !covers(other.context, head.dot))
  }
}

/** Merge is commutative, associative, idempotent, and has the empty state as its unit. */
export function checkLaws(a: KeyState, b: KeyState, c: KeyState): void {
  const ab = mergeStates(a, b)
  same('order', statesEqual(ab, mergeStates(b, a)))
  same('grouping', statesEqual(mergeStates(ab, c), mergeStates(a, mergeStates(b, c))))
  same('repetition', statesEqual(mergeStates(a, a), a))
  same('absorption', statesEqual(mergeStates(ab, b), ab))
  same('unit', statesEqual(mergeStates(a, emptyState), a))
}

export function statesEqual(a: KeyState, b: KeyState): boolean {
  if (a.versions.size !== b.versions.size) return false
  for (const name of a.versions.keys()) if (!b.versions.has(name)) return false
  return (
    Buffer.compare(encodeContext(a.context), encodeContext(b.context)) === 0 &&
    (a.attributes === b.attributes || setsEqual(registers(a.attributes), registers(b.attributes))) &&
    digestsEqual(stateDigest(a), stateDigest(b))
  )
}

function dotsOf(versions: readonly Version[]): string {
  return versions.map(({ dot }: { dot: Dot }) => dotText(dot)).join()
}

function registers(attributes: Attributes): Set<string> {
  return new Set([...attributes].map(([key, register]) => `${key} ${dotText(register.dot)}`))
}

function setsEqual(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every(name => b.has(name))
}
