/** What a call did to a register, or found. `undefined` is a register without a value. */
export type RegisterCall =
  | { readonly kind: 'create'; readonly value: string }
  | { readonly kind: 'replace'; readonly expected: string; readonly value: string }
  | { readonly kind: 'read' }

/** One call in a history of a register, as its caller saw it. */
export interface RegisterEvent {
  readonly call: RegisterCall
  /** When it was called; all times of a history are different, in any unit. */
  readonly calledAt: number
  /** When it returned; undefined = it failed, or never did: it may take effect at any time after the call, or never. */
  readonly returnedAt: number | undefined
  /** `done`: the write took place. `refused`: its condition failed. For a read: the value that it showed. */
  readonly result: 'done' | 'refused' | { readonly shown: string | undefined } | undefined
}

/** A write that took place, or may have, and the bounds of the moment at which it can have done so. */
interface Step {
  readonly event: RegisterEvent
  readonly value: string
  after: number
  before: number
}

/**
 * Whether a history of a compare-and-set register is linearizable (Herlihy and Wing 1990): whether its calls can be put
 * in one order, each between its call and its return, that a register alone would have given these results in. Returns
 * what is wrong, or undefined.
 *
 * No value is written twice, and whoever replaces a value has read it or written it before. So the writes that took place
 * form one chain, and all that is left is to find a moment for each: after it was called, after every call that saw an
 * earlier value, before it returned, and before the return of whatever saw it or what came after it. A write whose
 * outcome nobody knows took place if somebody saw its value; else it may have been the last one.
 */
export function linearizabilityProblem(history: readonly RegisterEvent[]): string | undefined {
  const problem = chainProblem(history)
  if (problem === undefined) return undefined
  const told = [...history].sort((a, b) => a.calledAt - b.calledAt).map(event => `  ${describe(event)}`)
  return [`no order of these calls explains their results: ${problem}`, ...told].join('\n')
}

function chainProblem(history: readonly RegisterEvent[]): string | undefined {
  const writes = new Map<string, RegisterEvent>()
  for (const event of history) if (event.call.kind !== 'read') writes.set(event.call.value, event)
  const chain = chainOf(history, writes)
  if (typeof chain === 'string') return chain
  const position = new Map(chain.map(({ value }, i) => [value, i]))
  const last = chain.at(-1)?.value
  for (const event of history) {
    const { call, result } = event
    if (result === undefined || result === 'done') continue
    if (call.kind === 'read') {
      const shown = typeof result === 'object' ? result.shown : undefined
      const at = shown === undefined ? -1 : position.get(shown)
      if (at === undefined) return `${shown} was read and never written`
      bound(chain[at], event, 'before')
      bound(chain[at + 1], event, 'after')
      continue
    }
    // It was refused, as something else was there: what came first, or what replaced the value that it expected.
    const expected = call.kind === 'create' ? undefined : call.expected
    const at = expected === undefined ? -1 : position.get(expected)
    if (at === undefined) continue
    if (expected === last && !appendUnheard(chain, writes, expected))
      return `nothing explains why ${describe(event)}`
    bound(chain[at + 1], event, 'before')
  }
  let earliest = Number.NEGATIVE_INFINITY
  // Whoever saw a value saw it before all that came later took place, and after all that came before.
  for (let i = 1; i < chain.length; i++) {
    const [one, next] = [chain[i - 1] as Step, chain[i] as Step]
    next.after = Math.max(next.after, one.after)
  }
  for (let i = chain.length - 2; i >= 0; i--) {
    const [one, next] = [chain[i] as Step, chain[i + 1] as Step]
    one.before = Math.min(one.before, next.before)
  }
  for (const { event, after, before } of chain) {
    earliest = Math.max(earliest, after)
    if (earliest >= before) return `there is no moment for ${describe(event)}`
  }
  return undefined
}

/** The writes that took place, in their order; a text where they can't have. */
function chainOf(
  history: readonly RegisterEvent[],
  writes: ReadonlyMap<string, RegisterEvent>,
): Step[] | string {
  const took = new Set<string>()
  const take = (value: string | undefined): void => {
    for (let one = value; one !== undefined && !took.has(one); ) {
      took.add(one)
      const call = writes.get(one)?.call
      one = call?.kind === 'replace' ? call.expected : undefined
    }
  }
  for (const { call, result } of history) {
    if (typeof result === 'object') take(result.shown)
    else if (result === 'done' && call.kind !== 'read') take(call.value)
  }
  const successor = new Map<string | undefined, RegisterEvent>()
  for (const value of took) {
    const event = writes.get(value)
    if (event === undefined || event.call.kind === 'read') return `${value} was seen and never written`
    if (event.result === 'refused') return `${value} was refused, and took place`
    const expected = event.call.kind === 'create' ? undefined : event.call.expected
    const other = successor.get(expected)
    if (other !== undefined) return `both took place: ${describe(other)}, and ${describe(event)}`
    successor.set(expected, event)
  }
  const chain: Step[] = []
  for (let next = successor.get(undefined); next !== undefined; ) {
    const step = stepOf(next)
    chain.push(step)
    next = successor.get(step.value)
  }
  return chain.length === took.size ? chain : 'writes took place that replaced nothing that was there'
}

function stepOf(event: RegisterEvent): Step {
  const value = event.call.kind === 'read' ? '' : event.call.value
  return { event, value, after: event.calledAt, before: event.returnedAt ?? Number.POSITIVE_INFINITY }
}

/** Whoever saw the value before `step` called it before; whoever saw its value, or a later one, returned after it. */
function bound(
  step: Step | undefined,
  { calledAt, returnedAt }: RegisterEvent,
  side: 'before' | 'after',
): void {
  if (step === undefined) return
  if (side === 'after') step.after = Math.max(step.after, calledAt)
  else step.before = Math.min(step.before, returnedAt ?? Number.POSITIVE_INFINITY)
}

/** Lets the earliest of the writes that nobody heard of follow the last one that took place; false where there is none. */
function appendUnheard(
  chain: Step[],
  writes: ReadonlyMap<string, RegisterEvent>,
  last: string | undefined,
): boolean {
  if (chain.at(-1)?.value !== last) return true
  const candidates = [...writes.values()].filter(
    ({ call, result }) =>
      result === undefined &&
      call.kind !== 'read' &&
      (call.kind === 'create' ? last === undefined : call.expected === last),
  )
  const [first] = candidates.sort((a, b) => a.calledAt - b.calledAt)
  if (first === undefined) return false
  chain.push(stepOf(first))
  return true
}

function describe({ call, calledAt, returnedAt, result }: RegisterEvent): string {
  const what =
    call.kind === 'read'
      ? 'read'
      : call.kind === 'create'
        ? `create ${call.value}`
        : `replace ${call.expected} by ${call.value}`
  const how = typeof result === 'object' ? `shows ${result.shown}` : (result ?? 'unknown')
  return `${calledAt} to ${returnedAt ?? '…'}: ${what}: ${how}`
}
