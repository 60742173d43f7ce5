import { type CausalContext, covers, isSubset } from '../clocks/causal-context.js'
import { type ActorId, type Dot, dotText } from '../clocks/dot.js'
import { digestsEqual } from '../state/digest.js'
import { countToPrune } from './count-to-prune.js'
import { compareAge, type LiveReport, type LiveVersion, prunedMax } from './live-report.js'
import { type RetentionPolicy, versionsMax } from './policy.js'

export interface PruningView {
  /** Whether the new version covers it. */
  covers(dot: Dot): boolean
  /** Whether whoever decides knows that it was removed; asked only for what the first report does not name. */
  isGone?(dot: Dot): boolean
}

/**
 * The versions that go before one more comes, oldest first; at most `prunedMax`. `reports` are of different
 * agents, the minter's own first. What some agent has seen and no longer has is gone and does not count, nor does what is
 * `leaving` with the new version anyhow.
 *
 * What the new version covers may go. Of the rest, versions that are no heads may, but only where several
 * agents were asked and have the same state: else what covers such a version could be gone elsewhere, and it a
 * head. So a head that the new version does not cover is never lost (DESIGN §4).
 */
export function planPruning(
  policy: RetentionPolicy,
  reports: readonly LiveReport[],
  view: PruningView,
  leaving: readonly Dot[] = [],
): Dot[] {
  const max = versionsMax(policy)
  const [own] = reports
  const leaves = new Set(leaving.map(dotText))
  if (max === undefined || own === undefined || surelyFits(reports, max, leaves)) return []
  const same = reports.every(report => digestsEqual(report.digest, own.digest))
  const agreed = same && reports.length > 1
  const { live, present, gone } = same ? whole(own) : unite(reports, view)
  const listed = new Set(live.map(({ dot }) => dotText(dot)))
  const cut = reports.some(({ oldest, versionCount }) => oldest.length < versionCount)
  // One that no report names may be beyond the end of some; where all is told it is nowhere.
  const counted = [...leaves].filter(name => listed.has(name) || (cut && !gone.has(name))).length
  const candidates: LiveVersion[] = []
  for (const version of live) {
    if (leaves.has(dotText(version.dot))) continue
    if (view.covers(version.dot) || (agreed && !version.head)) candidates.push(version)
  }
  const count = countToPrune(policy, present - counted, Math.min(prunedMax, candidates.length))
  return candidates.slice(0, count).map(version => version.dot)
}

/** Whether one report, of an agent that saw all that the others saw, leaves room: nothing else is alive. */
function surelyFits(reports: readonly LiveReport[], max: number, leaves: ReadonlySet<string>): boolean {
  const stays = ({ oldest, versionCount }: LiveReport): number =>
    leaves.size === 0
      ? versionCount
      : versionCount - oldest.filter(({ dot }) => leaves.has(dotText(dot))).length
  return reports.some(
    one => stays(one) < max && reports.every(other => other === one || isSubset(other.context, one.context)),
  )
}

/** The last version that a report names where it breaks off; undefined = it names them all. */
type End = LiveVersion | undefined

/** Before every version: where a report that names none ends. */
const start: LiveVersion = { dot: { actor: '' as ActorId, counter: 0 }, createdAt: -1, head: false }

interface Union {
  /** What is known to be alive, oldest first. */
  readonly live: readonly LiveVersion[]
  /** How many versions there are: exact as far as the reports go, an estimate beyond. */
  readonly present: number
  /** Versions that a report names and that are gone all the same. */
  readonly gone: ReadonlySet<string>
}

/** Of reports that all say the same. */
function whole({ oldest, versionCount }: LiveReport): Union {
  return { live: oldest, present: versionCount, gone: new Set() }
}

function unite(reports: readonly LiveReport[], view: PruningView): Union {
  const lists = reports.map(report => new Listing(report))
  const byDot = new Map<string, LiveVersion>()
  for (const { oldest } of reports) {
    for (const version of oldest) byDot.set(dotText(version.dot), version)
  }
  const gone = new Set<string>()
  const live: LiveVersion[] = []
  for (const [name, version] of byDot) {
    const own = lists[0]?.names.has(name) === true
    if (lists.some(list => list.lacks(name, version)) || (!own && view.isGone?.(version.dot) === true)) {
      gone.add(name)
    } else live.push(version)
  }
  live.sort(compareAge)
  const end = firstEnd(lists)
  const exact = live.filter(version => isUpTo(version, end)).length
  const rest = lists.map(list => list.countBeyond(end, gone))
  return { live, present: exact + Math.max(live.length - exact, estimate(lists, rest)), gone }
}

/** The first place where a report breaks off: up to it all is known. */
function firstEnd(lists: readonly Listing[]): End {
  let first: End
  for (const { end } of lists) {
    if (end !== undefined && (first === undefined || compareAge(end, first) < 0)) first = end
  }
  return first
}

/**
 * How many are alive beyond the exact part. Of what one agent holds, nothing is alive that another, who saw all
 * that the one saw, does not have; so an agent that missed a purge does not make the count too high.
 */
function estimate(lists: readonly Listing[], rest: readonly number[]): number {
  let greatest = 0
  for (const one of lists) {
    let bound = Number.POSITIVE_INFINITY
    for (const [i, other] of lists.entries()) {
      if (other === one || isSubset(one.context, other.context)) bound = Math.min(bound, rest[i] ?? 0)
    }
    greatest = Math.max(greatest, bound)
  }
  return greatest
}

function isUpTo(version: LiveVersion, end: End): boolean {
  return end === undefined || compareAge(version, end) <= 0
}

/** A report and where it ends. */
class Listing {
  readonly context: CausalContext
  readonly names: ReadonlySet<string>
  readonly end: End
  readonly #report: LiveReport

  constructor(report: LiveReport) {
    this.#report = report
    this.context = report.context
    this.names = new Set(report.oldest.map(version => dotText(version.dot)))
    const complete = report.oldest.length === report.versionCount
    this.end = complete ? undefined : (report.oldest.at(-1) ?? start)
  }

  /** Whether its agent has seen the version and no longer holds it. */
  lacks(name: string, version: LiveVersion): boolean {
    return !this.names.has(name) && isUpTo(version, this.end) && covers(this.context, version.dot)
  }

  /** Versions after `end`, without those that are known to be gone. */
  countBeyond(end: End, gone: ReadonlySet<string>): number {
    const { oldest, versionCount } = this.#report
    let count = versionCount
    for (const version of oldest) {
      if (isUpTo(version, end) || gone.has(dotText(version.dot))) count--
    }
    return count
  }
}
