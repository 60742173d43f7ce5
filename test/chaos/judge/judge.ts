import { linearizabilityProblem, type RegisterEvent } from '../../harness/checkers/linearizability.js'
import { checkRegisterReads, type RegisterReadsCall } from '../../harness/checkers/register-reads.js'
import { checkSet, type SetCall } from '../../harness/checkers/set-full.js'
import { buckets } from '../load/activity.js'
import { contestedPrefix } from '../load/contested.js'
import { setPrefix } from '../load/elements.js'
import type { RecordedCall } from '../load/history.js'

/** A promise that was broken. */
export interface Finding {
  readonly checker: 'set-full' | 'versions' | 'register-reads' | 'linearizability' | 'answers'
  /** The key that it is about. */
  readonly key: string
  /** The version that it is about, where it is about one. */
  readonly version?: string | undefined
  readonly what: string
}

export interface JudgedCounts {
  /** Elements of sets that were checked: that must be there, that must not be, and that may be either way. */
  readonly elements: SetCounts
  /** Versions of registers, large bodies and contested keys, the same way. */
  readonly versions: SetCounts
  readonly registerReads: { readonly reads: number; readonly binding: number; readonly stale: number }
  readonly contested: { readonly keys: number; readonly calls: number }
}

export interface SetCounts {
  readonly present: number
  readonly removed: number
  readonly undecided: number
  readonly stale: number
}

export interface Judgement {
  readonly findings: readonly Finding[]
  readonly counts: JudgedCounts
}

/** Puts the history before each checker. Its last calls must be final reads. */
export function judge(calls: readonly RecordedCall[]): Judgement {
  const findings: Finding[] = []
  const elements = judgeSets('set-full', elementSets(calls), findings)
  const versions = judgeSets('versions', versionSets(calls), findings)
  const registerReads = judgeRegisters(calls, findings)
  const contested = judgeContested(calls, findings)
  return { findings, counts: { elements, versions, registerReads, contested } }
}

function judgeSets(
  checker: Finding['checker'],
  sets: ReadonlyMap<string, readonly SetCall[]>,
  findings: Finding[],
): SetCounts {
  const counts = { present: 0, removed: 0, undecided: 0, stale: 0 }
  for (const history of sets.values()) {
    const { present, removed, undecided, stale, wrong } = checkSet(history)
    counts.present += present
    counts.removed += removed
    counts.undecided += undecided
    counts.stale += stale
    for (const { element, problem } of wrong) {
      const [key = '', version] = element.split('@')
      findings.push({
        checker,
        key,
        version,
        what: version === undefined ? problem : `version ${version} is ${problem}`,
      })
    }
  }
  return counts
}

/** By the prefix that is listed: what was added to it and deleted, and what listings showed. */
function elementSets(calls: readonly RecordedCall[]): Map<string, SetCall[]> {
  const sets = new Map<string, SetCall[]>()
  const versions = new Map<string, string>()
  const setOf = (key: string): SetCall[] => listIn(sets, key.slice(0, key.lastIndexOf('/') + 1))
  for (const call of calls) {
    const { kind, key, calledAt, returnedAt, result, version, removed } = call
    if (!key.startsWith(setPrefix)) continue
    if (kind === 'put') {
      versions.set(key, version ?? '')
      setOf(key).push({ kind: 'add', element: key, calledAt, returnedAt, result })
    } else if (kind === 'delete') {
      const took = result === 'ok' && removed?.includes(versions.get(key) ?? '') !== true ? 'unknown' : result
      setOf(key).push({ kind: 'remove', element: key, calledAt, returnedAt, result: took })
    }
  }
  for (const { kind, key, bucket, calledAt, returnedAt, listed, final } of calls) {
    if (kind !== 'list' || listed === undefined || bucket !== buckets.loose) continue
    for (const [prefix, set] of sets) {
      if (!prefix.startsWith(key)) continue
      const elements = listed.filter(one => one.startsWith(prefix))
      set.push({ kind: 'read', elements, calledAt, returnedAt, final })
    }
  }
  return sets
}

/** By key: which versions were written, which ones a delete said that it took, and which ones were listed. */
function versionSets(calls: readonly RecordedCall[]): Map<string, SetCall[]> {
  const sets = new Map<string, SetCall[]>()
  const bucketOf = new Map<string, string>()
  /** Versions that no delete has surely taken. */
  const there = new Map<string, Set<string>>()
  for (const { kind, key, bucket, calledAt, returnedAt, result, version, removed = [] } of calls) {
    if (key.startsWith(setPrefix)) continue
    const versions = there.get(key) ?? new Set()
    there.set(key, versions)
    if (version !== undefined) {
      versions.add(version)
      bucketOf.set(key, bucket)
      listIn(sets, key).push({ kind: 'add', element: `${key}@${version}`, calledAt, returnedAt, result })
    }
    if (kind !== 'delete') continue
    for (const one of versions) {
      const took = result === 'ok' && removed.includes(one)
      if (took) versions.delete(one)
      // What it does not name may have been where it could not look.
      const known = took || result === 'failed' ? result : 'unknown'
      listIn(sets, key).push({
        kind: 'remove',
        element: `${key}@${one}`,
        calledAt,
        returnedAt,
        result: known,
      })
    }
  }
  for (const { kind, calledAt, returnedAt, listed, bucket, final } of calls) {
    if (kind !== 'versions' || listed === undefined) continue
    const byKey = new Map<string, string[]>()
    for (const one of listed) listIn(byKey, one.slice(0, one.indexOf('@'))).push(one)
    for (const [key, set] of sets) {
      if (bucketOf.get(key) !== bucket) continue
      set.push({ kind: 'read', elements: byKey.get(key) ?? [], calledAt, returnedAt, final })
    }
  }
  return sets
}

/** Keys with one writer. In the strict bucket every read binds, in the other one those that no fault was near. */
function judgeRegisters(calls: readonly RecordedCall[], findings: Finding[]): JudgedCounts['registerReads'] {
  const histories = new Map<string, RegisterReadsCall[]>()
  const latest = new Map<string, string>()
  for (const call of calls) {
    const { kind, key, bucket, calledAt, returnedAt, result, version, hash, removed, shown } = call
    if (key.startsWith(setPrefix) || key.startsWith(contestedPrefix)) continue
    const strict = bucket === buckets.strict
    const history = listIn(histories, key)
    if ((kind === 'put' || kind === 'upload') && version !== undefined) {
      history.push({ kind: 'put', value: version, hash, calledAt, returnedAt, result })
      if (result === 'ok') latest.set(key, version)
    } else if (kind === 'delete') {
      const value = latest.get(key)
      // One that did not find what is there, on agents that stand in for owners, leaves it.
      const missed = !strict && value !== undefined && removed?.includes(value) !== true
      history.push({
        kind: 'delete',
        calledAt,
        returnedAt,
        result: result === 'ok' && missed ? 'unknown' : result,
      })
      if (result === 'ok' && !missed) latest.delete(key)
    } else if (kind === 'get' && shown !== undefined) {
      const binding = strict || call.calm || call.final
      history.push({ kind: 'read', shown: shown ?? undefined, hash, calledAt, returnedAt, binding })
    }
  }
  const counts = { reads: 0, binding: 0, stale: 0 }
  for (const [key, history] of histories) {
    const { reads, binding, stale, wrong } = checkRegisterReads(history)
    counts.reads += reads
    counts.binding += binding
    counts.stale += stale
    for (const { read, why } of wrong)
      findings.push({
        ...{ checker: 'register-reads', key, version: read.shown },
        what: `at ${read.returnedAt} a read ${why}`,
      })
  }
  return counts
}

function judgeContested(calls: readonly RecordedCall[], findings: Finding[]): JudgedCounts['contested'] {
  const histories = new Map<string, RegisterEvent[]>()
  for (const call of calls) {
    if (!call.key.startsWith(contestedPrefix)) continue
    const event = contestedEvent(call)
    if (event !== undefined) listIn(histories, call.key).push(event)
  }
  let count = 0
  for (const [key, history] of histories) {
    count += history.length
    const problem = linearizabilityProblem(history)
    if (problem === undefined) continue
    const [what = ''] = problem.split('\n')
    findings.push({ checker: 'linearizability', key, what })
  }
  return { keys: histories.size, calls: count }
}

function contestedEvent(call: RecordedCall): RegisterEvent | undefined {
  const { kind, calledAt, version, expected, shown } = call
  const returnedAt = call.result === 'unknown' ? undefined : call.returnedAt
  if (kind === 'head') {
    if (shown === undefined) return undefined
    return { call: { kind: 'read' }, calledAt, returnedAt, result: { shown: shown ?? undefined } }
  }
  if (version === undefined) return undefined
  const result = { ok: 'done', failed: 'refused', unknown: undefined } as const
  const write =
    kind === 'replace' && expected !== undefined
      ? { kind: 'replace' as const, expected, value: version }
      : { kind: 'create' as const, value: version }
  return { call: write, calledAt, returnedAt, result: result[call.result] }
}

function listIn<T>(lists: Map<string, T[]>, key: string): T[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}
