import type { ActorId, Dot } from './dot.js'
import {
  type Intervals,
  intersectIntervals,
  intervalsCover,
  intervalsEqual,
  intervalsHold,
  joinIntervals,
  noIntervals,
  subtractIntervals,
} from './intervals.js'

export { decodeContext, encodeContext } from './context-codec.js'

/**
 * The set of events that someone has seen of one key (dotted version vector sets: Almeida et al. 2014;
 * the gaps: DESIGN §4). Per actor it is a set of counters. What begins at 0 is the vector's part,
 * everything above a gap waits in the cloud as intervals `(after, upTo]`. Values never change; there is
 * one form for each set: no empty parts, intervals sorted, apart, and apart from the vector.
 */
export interface CausalContext {
  readonly vector: ReadonlyMap<ActorId, number>
  readonly cloud: ReadonlyMap<ActorId, Intervals>
}

const noCloud: ReadonlyMap<ActorId, Intervals> = new Map()
export const emptyContext: CausalContext = Object.freeze({
  vector: new Map<ActorId, number>(),
  cloud: noCloud,
})

export function isEmptyContext(context: CausalContext): boolean {
  return context.vector.size === 0 && context.cloud.size === 0
}

export function covers(context: CausalContext, dot: Dot): boolean {
  const reached = context.vector.get(dot.actor)
  if (reached !== undefined && dot.counter <= reached) return true
  if (context.cloud.size === 0) return false
  return intervalsHold(context.cloud.get(dot.actor) ?? noIntervals, dot.counter)
}

/**
 * Adds `(after, dot]`: the dot and the counters before it that its actor used for other keys. The vector
 * advances when it has reached `after`, otherwise the interval waits in the cloud.
 */
export function addDot(context: CausalContext, dot: Dot, after: number): CausalContext {
  const reached = context.vector.get(dot.actor) ?? 0
  if (dot.counter <= reached) return context
  if (reached >= after && (context.cloud.size === 0 || !context.cloud.has(dot.actor))) {
    const vector = new Map(context.vector)
    vector.set(dot.actor, dot.counter)
    return { vector, cloud: context.cloud }
  }
  const held = intervalsOf(context, dot.actor)
  return withIntervals(context, dot.actor, joinIntervals(held, [[after, dot.counter]]))
}

export function contextOfDot(dot: Dot, after: number): CausalContext {
  if (after === 0) return { vector: new Map([[dot.actor, dot.counter]]), cloud: noCloud }
  return { vector: emptyContext.vector, cloud: new Map([[dot.actor, [[after, dot.counter]]]]) }
}

/** Just the one event: `(dot − 1, dot]`. */
export function contextOfExactDot(dot: Dot): CausalContext {
  return contextOfDot(dot, dot.counter - 1)
}

/** Just these events. */
export function contextOfDots(dots: Iterable<Dot>): CausalContext {
  const counters = new Map<ActorId, number[]>()
  for (const dot of dots) {
    const list = counters.get(dot.actor)
    if (list === undefined) counters.set(dot.actor, [dot.counter])
    else list.push(dot.counter)
  }
  const byActor: [ActorId, Intervals][] = []
  for (const [actor, list] of counters) {
    list.sort((a, b) => a - b)
    const intervals: [number, number][] = []
    for (const counter of list) {
      const last = intervals.at(-1)
      if (last !== undefined && counter - 1 <= last[1]) last[1] = counter
      else intervals.push([counter - 1, counter])
    }
    byActor.push([actor, intervals])
  }
  return contextOfIntervals(byActor)
}

/** Set union. Returns one of the arguments where that is the result. */
export function joinContexts(a: CausalContext, b: CausalContext): CausalContext {
  if (a === b || isSubset(b, a)) return a
  if (isSubset(a, b)) return b
  if (a.cloud.size === 0 && b.cloud.size === 0) {
    const vector = new Map(a.vector)
    for (const [actor, counter] of b.vector) {
      if (counter > (vector.get(actor) ?? 0)) vector.set(actor, counter)
    }
    return { vector, cloud: noCloud }
  }
  return combine(a, b, actor => joinIntervals(intervalsOf(a, actor), intervalsOf(b, actor)))
}

/** What both cover. */
export function intersectContexts(a: CausalContext, b: CausalContext): CausalContext {
  return combine(a, b, actor => intersectIntervals(intervalsOf(a, actor), intervalsOf(b, actor)))
}

/** What `a` covers and `b` does not. */
export function subtractContexts(a: CausalContext, b: CausalContext): CausalContext {
  return combine(a, b, actor => subtractIntervals(intervalsOf(a, actor), intervalsOf(b, actor)))
}

export function isSubset(a: CausalContext, b: CausalContext): boolean {
  for (const [actor, counter] of a.vector) {
    if (counter > (b.vector.get(actor) ?? 0)) return false
  }
  if (a.cloud.size === 0) return true
  for (const [actor, intervals] of a.cloud) {
    const reached = b.vector.get(actor) ?? 0
    const waiting = b.cloud.get(actor) ?? noIntervals
    for (const [after, upTo] of intervals) {
      if (upTo > reached && !intervalsCover(waiting, after, upTo)) return false
    }
  }
  return true
}

/** Whether both cover some event. */
export function contextsOverlap(a: CausalContext, b: CausalContext): boolean {
  for (const [actor, counter] of b.vector) {
    // Vectors begin at the same place; an interval that begins below the other's entry shares what follows.
    if (a.vector.has(actor)) return true
    const first = a.cloud.get(actor)?.[0]
    if (first !== undefined && first[0] < counter) return true
  }
  for (const [actor, intervals] of b.cloud) {
    const reached = a.vector.get(actor) ?? 0
    if ((intervals[0]?.[0] ?? 0) < reached) return true
    const waiting = a.cloud.get(actor)
    if (waiting !== undefined && intersectIntervals(waiting, intervals).length > 0) return true
  }
  return false
}

export function contextsEqual(a: CausalContext, b: CausalContext): boolean {
  if (a === b) return true
  if (a.vector.size !== b.vector.size || a.cloud.size !== b.cloud.size) return false
  for (const [actor, counter] of a.vector) if (b.vector.get(actor) !== counter) return false
  for (const [actor, intervals] of a.cloud) {
    if (!intervalsEqual(intervals, b.cloud.get(actor) ?? noIntervals)) return false
  }
  return true
}

/** The greatest counter of `actor` that the context covers; 0 when none. */
export function highestCounter(context: CausalContext, actor: ActorId): number {
  const waiting = context.cloud.size === 0 ? undefined : context.cloud.get(actor)
  return waiting?.at(-1)?.[1] ?? context.vector.get(actor) ?? 0
}

/** What people read as a clock: each actor's vector entry, sorted by actor. */
export function vectorPairs(context: CausalContext): [actor: ActorId, counter: number][] {
  return [...context.vector].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** All that the context covers of one actor, the vector's part as `(0, n]`. */
export function intervalsOf(context: CausalContext, actor: ActorId): Intervals {
  const reached = context.vector.get(actor)
  const waiting = context.cloud.get(actor)
  if (reached === undefined) return waiting ?? noIntervals
  return waiting === undefined ? [[0, reached]] : [[0, reached], ...waiting]
}

/** The actors that appear, each once. */
export function actorsOf(context: CausalContext): Iterable<ActorId> {
  return context.cloud.size === 0
    ? context.vector.keys()
    : new Set([...context.vector.keys(), ...context.cloud.keys()])
}

/** A context from each actor's intervals (sorted and apart, as all functions here return them). */
export function contextOfIntervals(byActor: Iterable<readonly [ActorId, Intervals]>): CausalContext {
  const vector = new Map<ActorId, number>()
  const cloud = new Map<ActorId, Intervals>()
  for (const [actor, intervals] of byActor) {
    const first = intervals[0]
    if (first === undefined) continue
    if (first[0] === 0) {
      vector.set(actor, first[1])
      if (intervals.length > 1) cloud.set(actor, intervals.slice(1))
    } else cloud.set(actor, intervals)
  }
  return { vector, cloud: cloud.size === 0 ? noCloud : cloud }
}

function withIntervals(context: CausalContext, actor: ActorId, intervals: Intervals): CausalContext {
  const byActor: [ActorId, Intervals][] = [[actor, intervals]]
  for (const other of actorsOf(context))
    if (other !== actor) byActor.push([other, intervalsOf(context, other)])
  return contextOfIntervals(byActor)
}

function combine(a: CausalContext, b: CausalContext, of: (actor: ActorId) => Intervals): CausalContext {
  const actors = new Set([...actorsOf(a), ...actorsOf(b)])
  const byActor: [ActorId, Intervals][] = []
  for (const actor of actors) byActor.push([actor, of(actor)])
  return contextOfIntervals(byActor)
}
