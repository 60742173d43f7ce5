import { limits } from '@torc/protocol/limits'
import type { LogAnswer, Reached } from './cursor-rules.js'

export type LoggedChange = LogAnswer['changes'][number]

export interface MergedLogs {
  readonly changes: readonly LoggedChange[]
  readonly reached: ReadonlyMap<string, Reached>
  /** Something lies behind what was taken, or was not looked at. */
  readonly more: boolean
}

/** A batch must fit the head of a frame, beside its cursor. */
const batchBytesMax = limits.headBytesMax / 2
/** Of a change beside its key. */
const changeBytes = 160

/**
 * Joins what the agents noted into one batch, by the time at which they did; the order of each stays. Of a version that
 * several tell the first report is taken. Where the batch is full the others' reports wait in their logs.
 */
export function mergeLogs(answers: ReadonlyMap<string, LogAnswer>, limit: number): MergedLogs {
  const heads = [...answers].map(([agent, answer]) => ({ agent, answer, taken: 0 }))
  const told = new Set<string>()
  const changes: LoggedChange[] = []
  let bytes = 0
  for (;;) {
    let next: (typeof heads)[number] | undefined
    let change: LoggedChange | undefined
    for (const head of heads) {
      const candidate = head.answer.changes[head.taken]
      if (candidate === undefined || (change !== undefined && candidate.loggedAt >= change.loggedAt)) continue
      next = head
      change = candidate
    }
    if (next === undefined || change === undefined) break
    const name = `${change.versionId} ${change.type} ${change.key}`
    if (!told.has(name)) {
      bytes += changeBytes + Buffer.byteLength(change.key)
      if (changes.length === limit || (bytes > batchBytesMax && changes.length > 0)) break
      told.add(name)
      changes.push(change)
    }
    next.taken++
  }
  const reached = new Map(heads.map(({ agent, answer, taken }) => [agent, reachedBy(answer, taken)]))
  return { changes, reached, more: [...reached.values()].some(({ atEnd }) => !atEnd) }
}

function reachedBy({ logId, last, from, position, changes }: LogAnswer, taken: number): Reached {
  if (taken === changes.length) return { logId, position, atEnd: position >= last }
  return { logId, position: changes[taken - 1]?.position ?? from, atEnd: false }
}
