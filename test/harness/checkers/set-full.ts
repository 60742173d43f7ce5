/** What a call did to a set. Each element is added once at most; `failed`: it surely changed nothing. */
export interface SetChange {
  readonly kind: 'add' | 'remove'
  readonly element: string
  readonly calledAt: number
  /** Undefined where it never returned. */
  readonly returnedAt: number | undefined
  /** `unknown`: it may take effect at any time after its call, or never. */
  readonly result: 'ok' | 'failed' | 'unknown'
}

/** A listing of the whole set that succeeded. */
export interface SetRead {
  readonly kind: 'read'
  readonly elements: readonly string[]
  readonly calledAt: number
  readonly returnedAt: number
  /** The cluster was whole and idle: what it shows is what there is. Without it a read may be stale, and only counts. */
  readonly final: boolean
}

export type SetCall = SetChange | SetRead

export const setProblems = ['lost', 'resurrected', 'unsettled', 'unread', 'phantom', 'doubled'] as const
export type SetProblem = (typeof setProblems)[number]

export interface SetVerdict {
  /** Elements that anybody tried to add. */
  readonly elements: number
  /** Of those, acknowledged and not removed, so that they must be there; removed, so that they must not; and others. */
  readonly present: number
  readonly removed: number
  readonly undecided: number
  /** Reads that were not final and lacked what had been added, or showed what had been removed. */
  readonly stale: number
  /**
   * `lost`: added and never removed, and a final read lacks it. `resurrected`: removed, and a final read shows it.
   * `unsettled`: final reads differ on it. `unread`: no final read came after it, so that nobody can tell. `phantom`:
   * shown, and added by nobody before. `doubled`: shown twice by one read.
   */
  readonly wrong: readonly { readonly element: string; readonly problem: SetProblem }[]
}

/** What is known of an element. */
interface Fate {
  add: SetChange | undefined
  readonly removes: SetChange[]
  /** A read showed it, so that it was added, whatever its writer was told. */
  firstSeenAt: number | undefined
}

/**
 * The set-full check of Jepsen, with removals: every element that was added stays, every one that was removed stays
 * away. A check that found nothing out about an element fails, too: nothing may be unknown in the end.
 */
export function checkSet(history: readonly SetCall[]): SetVerdict {
  const fates = fatesOf(history)
  const finals = history.filter(call => call.kind === 'read' && call.final) as SetRead[]
  const shown = finals.map(({ elements }) => new Set(elements))
  const wrong: { element: string; problem: SetProblem }[] = []
  const counts = { present: 0, removed: 0, undecided: 0 }
  for (const [element, fate] of fates) {
    const known = knownOf(fate)
    if (fate.add !== undefined) counts[known]++
    const settledAt = Math.max(...changesOf(fate).map(({ calledAt, returnedAt }) => returnedAt ?? calledAt))
    const showing = (at: number): boolean[] =>
      finals.flatMap((read, i) => (read.calledAt > at ? [shown[i]?.has(element) === true] : []))
    const later = showing(settledAt)
    // One of which its writer heard nothing is sure from when it was seen.
    const sureAt = fate.add?.result === 'ok' ? settledAt : (fate.firstSeenAt ?? settledAt)
    if (fate.add === undefined) wrong.push({ element, problem: 'phantom' })
    else if (later.length === 0) wrong.push({ element, problem: 'unread' })
    else if (known === 'present' && showing(sureAt).includes(false)) wrong.push({ element, problem: 'lost' })
    else if (known === 'removed' && later.includes(true)) wrong.push({ element, problem: 'resurrected' })
    else if (new Set(later).size > 1) wrong.push({ element, problem: 'unsettled' })
  }
  wrong.push(...doubledIn(history))
  return {
    elements: counts.present + counts.removed + counts.undecided,
    ...counts,
    wrong,
    stale: staleIn(history, fates),
  }
}

function fatesOf(history: readonly SetCall[]): Map<string, Fate> {
  const fates = new Map<string, Fate>()
  const fateOf = (element: string): Fate => {
    const fate = fates.get(element) ?? { add: undefined, removes: [], firstSeenAt: undefined }
    fates.set(element, fate)
    return fate
  }
  for (const call of history) {
    if (call.kind === 'read' || call.result === 'failed') continue
    if (call.kind === 'add') fateOf(call.element).add = call
    else fateOf(call.element).removes.push(call)
  }
  for (const call of history) {
    if (call.kind !== 'read') continue
    for (const element of call.elements) {
      const fate = fateOf(element)
      // What is shown before anybody called for it comes from nowhere.
      if (fate.add !== undefined && fate.add.calledAt > call.returnedAt) fate.add = undefined
      fate.firstSeenAt = Math.min(fate.firstSeenAt ?? Number.POSITIVE_INFINITY, call.returnedAt)
    }
  }
  return fates
}

function changesOf({ add, removes }: Fate): SetChange[] {
  return add === undefined ? removes : [add, ...removes]
}

function knownOf({ add, removes, firstSeenAt }: Fate): 'present' | 'removed' | 'undecided' {
  if (removes.some(({ result }) => result === 'ok')) return 'removed'
  if (removes.length > 0) return 'undecided'
  return add?.result === 'ok' || firstSeenAt !== undefined ? 'present' : 'undecided'
}

function doubledIn(history: readonly SetCall[]): { element: string; problem: SetProblem }[] {
  const doubled = new Set<string>()
  for (const call of history) {
    if (call.kind !== 'read') continue
    const seen = new Set<string>()
    for (const element of call.elements) {
      if (seen.has(element)) doubled.add(element)
      seen.add(element)
    }
  }
  return [...doubled].map(element => ({ element, problem: 'doubled' }))
}

function staleIn(history: readonly SetCall[], fates: ReadonlyMap<string, Fate>): number {
  let stale = 0
  const before = (change: SetChange | undefined, read: SetRead): boolean =>
    change?.result === 'ok' && change.returnedAt !== undefined && change.returnedAt < read.calledAt
  for (const call of history) {
    if (call.kind !== 'read' || call.final) continue
    const elements = new Set(call.elements)
    const wrong = [...fates].some(([element, { add, removes }]) =>
      elements.has(element)
        ? removes.some(remove => before(remove, call))
        : before(add, call) && removes.every(({ calledAt }) => calledAt > call.returnedAt),
    )
    if (wrong) stale++
  }
  return stale
}
