import type { RegisterEvent } from './linearizability.js'

/**
 * Whether a history of a compare-and-set register is linearizable (Herlihy and Wing 1990): whether its calls can be put in
 * one order, each between its call and its return, that a register alone would have given these results in. By depth-first
 * search with a memory of what was tried (Wing and Gong 1993; Lowe 2017). For small histories.
 */
export function isLinearizable(history: readonly RegisterEvent[]): boolean {
  const events = history
    // What returned nothing and wrote nothing is no part of any order.
    .filter(({ call, returnedAt }) => returnedAt !== undefined || call.kind !== 'read')
    .sort((a, b) => a.calledAt - b.calledAt)
  const done = new Array<boolean>(events.length).fill(false)
  const tried = new Set<string>()
  const search = (value: string | undefined): boolean => {
    // What nobody heard of need not have taken place.
    if (events.every(({ returnedAt }, i) => done[i] === true || returnedAt === undefined)) return true
    const state = `${done.map(one => (one ? 1 : 0)).join('')}/${value}`
    if (tried.has(state)) return false
    tried.add(state)
    const firstReturn = Math.min(
      ...events.map(({ returnedAt }, i) => (done[i] ? Infinity : (returnedAt ?? Infinity))),
    )
    for (const [i, event] of events.entries()) {
      if (done[i] === true) continue
      // Whatever comes next was called before the first return of all that is left.
      if (event.calledAt > firstReturn) break
      const next = apply(event, value)
      if (next === impossible) continue
      done[i] = true
      if (search(next)) return true
      done[i] = false
    }
    return false
  }
  return search(undefined)
}

const impossible = Symbol('impossible')

/** The register after a call, or `impossible` where it would not have had that result. */
function apply(
  { call, result }: RegisterEvent,
  value: string | undefined,
): string | undefined | typeof impossible {
  if (call.kind === 'read') {
    return typeof result === 'object' && result.shown === value ? value : impossible
  }
  const holds = call.kind === 'create' ? value === undefined : value === call.expected
  // One whose result is not known need not be placed; placed, it took place.
  if (result === 'refused') return holds ? impossible : value
  return holds ? call.value : impossible
}
