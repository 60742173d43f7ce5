/**
 * Sets of counters as sorted lists of half-open intervals `(after, upTo]` that neither overlap nor touch.
 */
export type Interval = readonly [after: number, upTo: number]
export type Intervals = readonly Interval[]

export const noIntervals: Intervals = Object.freeze([])

/** Union; touching intervals merge. */
export function joinIntervals(a: Intervals, b: Intervals): Intervals {
  if (b.length === 0) return a
  if (a.length === 0) return b
  const joined: [number, number][] = []
  let last: [number, number] | undefined
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const left = a[i]
    const right = b[j]
    const takeLeft = right === undefined || (left !== undefined && left[0] <= right[0])
    const next = takeLeft ? left : right
    if (next === undefined) break
    if (takeLeft) i++
    else j++
    if (last !== undefined && next[0] <= last[1]) {
      if (next[1] > last[1]) last[1] = next[1]
    } else {
      last = [next[0], next[1]]
      joined.push(last)
    }
  }
  return joined
}

/** What of `from` is not in `taken`. */
export function subtractIntervals(from: Intervals, taken: Intervals): Intervals {
  if (taken.length === 0) return from
  const left: Interval[] = []
  let next = 0
  for (const [after, upTo] of from) {
    let start = after
    // What ends before this interval ends before all that follow.
    while ((taken[next]?.[1] ?? Number.POSITIVE_INFINITY) <= start) next++
    for (let i = next; i < taken.length && start < upTo; i++) {
      const [takenAfter, takenUpTo] = taken[i] ?? [upTo, upTo]
      if (takenAfter >= upTo) break
      if (takenAfter > start) left.push([start, takenAfter])
      start = takenUpTo
    }
    if (start < upTo) left.push([start, upTo])
  }
  return left
}

/** What both hold. */
export function intersectIntervals(a: Intervals, b: Intervals): Intervals {
  const both: Interval[] = []
  let i = 0
  let j = 0
  for (;;) {
    const left = a[i]
    const right = b[j]
    if (left === undefined || right === undefined) return both
    const after = Math.max(left[0], right[0])
    const upTo = Math.min(left[1], right[1])
    if (after < upTo) both.push([after, upTo])
    if (left[1] < right[1]) i++
    else j++
  }
}

export function intervalsHold(intervals: Intervals, counter: number): boolean {
  const found = intervals[firstEndingAt(intervals, counter)]
  return found !== undefined && found[0] < counter
}

/** Whether `(after, upTo]` lies in one of the intervals. */
export function intervalsCover(intervals: Intervals, after: number, upTo: number): boolean {
  const found = intervals[firstEndingAt(intervals, upTo)]
  return found !== undefined && found[0] <= after
}

/** Index of the first interval that ends at `counter` or later. */
function firstEndingAt(intervals: Intervals, counter: number): number {
  let low = 0
  let high = intervals.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((intervals[middle]?.[1] ?? 0) < counter) low = middle + 1
    else high = middle
  }
  return low
}

export function intervalsEqual(a: Intervals, b: Intervals): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) {
    if (a[i]?.[0] !== b[i]?.[0] || a[i]?.[1] !== b[i]?.[1]) return false
  }
  return true
}
