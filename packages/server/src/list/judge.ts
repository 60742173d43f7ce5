import { type CausalContext, covers, isSubset } from '@torc/cluster/clocks/causal-context'
import { dotText } from '@torc/cluster/clocks/dot'
import {
  compareVersions,
  headsOf,
  type KeyState,
  makeState,
  mergeStates,
} from '@torc/cluster/state/key-state'
import type { Version } from '@torc/cluster/state/version'

/** What one agent says of a key in a listing. */
export interface KeyReport {
  readonly agent: string
  readonly key: string
  readonly context: CausalContext
  /** Newest first. */
  readonly heads: readonly Version[]
  /** The heads' contexts cover all that the agent's versions of the key cover. */
  readonly headsCoverAll: boolean
  /** The versions that are no heads; undefined where only heads were asked for. */
  readonly versions: readonly Version[] | undefined
}

/**
 * The heads of the merged state, from reports of heads alone; undefined where these cannot tell, and whole states
 * must be read. A report decides alone when nothing in the others can add to its versions (their contexts are in
 * its own) nor remove one of its heads (each is theirs too, or unseen by them). What else the others removed of it
 * lies below its heads; as these cover all that any of its versions covers, none that is left becomes a head.
 */
export function judgeHeads(reports: readonly KeyReport[]): readonly Version[] | undefined {
  for (const report of reports)
    if (reports.every(other => other === report || decides(report, other))) return report.heads
  return undefined
}

function decides(report: KeyReport, other: KeyReport): boolean {
  if (!report.headsCoverAll || !isSubset(other.context, report.context)) return false
  for (const head of report.heads) {
    if (covers(other.context, head.dot) && !holdsHead(other, head)) return false
  }
  // Without heads of its own nothing is left of the report, so nothing of the other is either.
  return true
}

function holdsHead(report: KeyReport, version: Version): boolean {
  return report.heads.some(
    head => head.dot.counter === version.dot.counter && head.dot.actor === version.dot.actor,
  )
}

/** The merged state of reports that hold whole states. */
export function joinReports(reports: readonly KeyReport[]): KeyState {
  return reports
    .map(report => makeState(report.context, [...report.heads, ...(report.versions ?? [])]))
    .reduce(mergeStates)
}

/** All versions of a merged state as a listing shows them: newest first, each id once, and which are heads. */
export function versionsOf(state: KeyState): {
  readonly versions: readonly Version[]
  readonly heads: readonly Version[]
} {
  const seen = new Set<string>()
  const versions = [...state.versions.values()]
    .sort(compareVersions)
    .filter(v => !seen.has(v.id) && seen.add(v.id))
  return { versions, heads: headsOf(state.versions.values()) }
}

/** Agents whose report holds a version. */
export function holdersOf(reports: readonly KeyReport[], version: Version): string[] {
  const dot = dotText(version.dot)
  const holds = (held: readonly Version[] | undefined): boolean =>
    held?.some(v => dotText(v.dot) === dot) === true
  return reports.filter(report => holds(report.heads) || holds(report.versions)).map(report => report.agent)
}
