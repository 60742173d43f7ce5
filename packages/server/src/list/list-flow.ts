import { headsOf, type KeyState } from '@torc/cluster/state/key-state'
import type { Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import { isStaleLayout } from '../agents/agents.js'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { place } from '../core/placement.js'
import { checkPast } from '../flows/past-time.js'
import { readMerged } from '../flows/reconcile.js'
import { planCoverage } from './coverage.js'
import { joinReports, judgeHeads, type KeyReport } from './judge.js'
import { KeyCache } from './key-cache.js'
import { startText } from './list-start.js'
import { MergedRange } from './merged-range.js'
import { type ListedEntry, PageBuilder, type PageRequest } from './page-builder.js'
import { PageSize, type Progress, pageKeysMin } from './page-size.js'
import { encodePosition } from './position.js'
import { RangeSource } from './range-source.js'

export interface ListRequest extends PageRequest {
  readonly bucket: BucketView
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

export interface ListedPage {
  readonly entries: readonly ListedEntry[]
  /** Where the next page begins; undefined at the end. */
  readonly token: string | undefined
}

/** Keys judged at once, so that keys on which replicas differ are looked up together. */
const batchKeys = 64
/** An agent that fails is left out and the page begun again, at most so often. */
const attemptsMax = 3

/**
 * One page of a listing: few agents that cover every partition R times are merged in key order, and each key is
 * judged on the merged state of all that hold it. UNAVAILABLE when a partition is not covered: an incomplete
 * listing is never passed for a complete one. `cache`: what pages of one key's versions share.
 */
export async function listPage(
  c: Coordination,
  request: ListRequest,
  cache = new KeyCache(),
): Promise<ListedPage> {
  checkPast(c, request.at)
  const deadline = new Deadline(c.environment.clock, request.timeoutMs, request.signal)
  return withFreshLayout(c, async () => {
    const failed = new Set<string>()
    for (let attempt = 1; ; attempt++) {
      try {
        return await listOnce(c, request, cache, deadline, failed)
      } catch (thrown) {
        if (!(thrown instanceof SourceFailure) || attempt === attemptsMax) throw causeOf(thrown)
        failed.add(thrown.agent)
      }
    }
  })
}

class SourceFailure extends Error {
  readonly agent: string
  constructor(agent: string, cause: TorcError) {
    super(`agent ${agent} failed while it was listed`, { cause })
    this.agent = agent
  }
}

function causeOf(thrown: unknown): unknown {
  return thrown instanceof SourceFailure ? thrown.cause : thrown
}

async function listOnce(
  c: Coordination,
  request: ListRequest,
  cache: KeyCache,
  deadline: Deadline,
  failed: ReadonlySet<string>,
): Promise<ListedPage> {
  const page = new PageBuilder(request, request.bucket.id)
  const range = openRange(c, request, page, deadline, failed)
  if (request.what === 'versions' && page.start?.after === 'version') {
    const p = place(c, request.bucket, page.start.key)
    page.add(p.key, judgedState(await cache.read(c, p, deadline), request.at))
  }
  let leftOver = false
  while (!page.full) {
    if (!range.ready) await fillAll(range, { found: page.entries.length, wanted: page.room })
    const batch = takeBatch(request, page, range)
    if (batch.length === 0 && range.done) return { entries: page.entries, token: undefined }
    const judged = await Promise.all(
      batch.map(({ key, agreed }) => agreed ?? judgeWhole(c, request, key, deadline)),
    )
    for (const [i, { key }] of batch.entries()) {
      const skipped = page.add(key, judged[i] ?? nothing)
      if (skipped !== undefined) range.skip(skipped)
      if (!page.full) continue
      leftOver = i < batch.length - 1
      break
    }
  }
  const complete = range.done && !page.cut && !leftOver
  return { entries: page.entries, token: complete ? undefined : encodePosition(page.position) }
}

interface TakenKey {
  readonly key: string
  /** What it shows; undefined where whole states must be read to tell. */
  readonly agreed: Judged | undefined
}

/**
 * Keys that are known without asking any agent. A key that shows as a common prefix ends the batch: what follows
 * under it needs no judgement.
 */
function takeBatch(request: ListRequest, page: PageBuilder, range: MergedRange): TakenKey[] {
  const batch: TakenKey[] = []
  while (batch.length < Math.min(batchKeys, page.room) && range.ready) {
    const next = range.take()
    if (next === undefined) break
    const { key, reports } = next
    if (!page.wants(key)) continue
    const agreed = judgeReports(request, reports)
    batch.push({ key, agreed })
    if (agreed !== undefined && page.prefixOf(key) !== undefined && page.shows(key, agreed)) break
  }
  return batch
}

function openRange(
  c: Coordination,
  request: ListRequest,
  page: PageBuilder,
  deadline: Deadline,
  failed: ReadonlySet<string>,
): MergedRange {
  const { bucket } = request
  const layout = c.layouts.require()
  const { agents, missing } = planCoverage(
    layout.partitions,
    partition => layout.owners(partition, bucket.replicas),
    bucket.readQuorum,
    agent => !failed.has(agent) && c.agents.isAlive(agent),
  )
  if (missing.length > 0) {
    throw new TorcError(
      'UNAVAILABLE',
      `${missing.length} of ${layout.partitions} partitions have too few owners that answer`,
      { details: { partitions: missing.slice(0, 32), failed: [...failed] } },
    )
  }
  const { prefix, what, delimiter, at } = request
  const query = { bucketId: bucket.id, prefix, versions: what === 'versions', at, onlyHints: false }
  const after = startText(page.start)
  const oneEach = what === 'keys' && delimiter === undefined
  const sources = agents.map(agent => {
    const size = new PageSize(
      layout.shareOf(agent, bucket.replicas),
      oneEach ? limits.listLimitMax : pageKeysMin,
    )
    return new RangeSource(c, layout, agent, query, { after, size }, () => deadline)
  })
  for (const agent of hintSources(c, bucket, agents, failed)) {
    const size = new PageSize(1, pageKeysMin)
    sources.push(
      new RangeSource(c, layout, agent, { ...query, onlyHints: true }, { after, size }, () => deadline),
    )
  }
  return new MergedRange(sources)
}

/**
 * Agents that hold hints and are not read from anyway (those that are give these too). In a strict bucket one that is
 * silent is UNAVAILABLE.
 */
function hintSources(
  c: Coordination,
  bucket: BucketView,
  agents: readonly string[],
  failed: ReadonlySet<string>,
): string[] {
  if (bucket.neverHinted === true) return []
  const layout = c.layouts.require()
  const others = c.hints.all().filter(agent => !agents.includes(agent) && !layout.isGivenUp(agent))
  const silent = others.filter(agent => failed.has(agent) || !c.agents.isAlive(agent))
  if (bucket.strict && silent.length > 0) {
    throw new TorcError(
      'UNAVAILABLE',
      `${silent.join(', ')} may hold newer writes and cannot be asked; the bucket is strict`,
      { details: { silent } },
    )
  }
  return others.filter(agent => !silent.includes(agent))
}

async function fillAll(range: MergedRange, progress: Progress): Promise<void> {
  await Promise.all(
    range.waiting.map(async source => {
      try {
        await source.fill(progress)
      } catch (thrown) {
        const error = TorcError.from(thrown)
        if (isStaleLayout(error) || error.code === 'CANCELLED') throw error
        throw new SourceFailure(source.agent, error)
      }
    }),
  )
}

/** What a key shows: all its versions (or just heads), newest first, and which of them are heads. */
export interface Judged {
  readonly versions: readonly Version[]
  readonly heads: readonly Version[]
}

const nothing: Judged = { versions: [], heads: [] }

/** What the reports alone tell; undefined where they differ in a way that only whole states can settle. */
function judgeReports(request: ListRequest, reports: readonly KeyReport[]): Judged | undefined {
  if (request.what === 'versions') return judgedState(joinReports(reports), request.at)
  // Heads as of an earlier time are judged alike: what a context covers is the same at any time.
  const heads = judgeHeads(reports)
  return heads === undefined ? undefined : { versions: heads, heads }
}

async function judgeWhole(
  c: Coordination,
  request: ListRequest,
  key: string,
  deadline: Deadline,
): Promise<Judged> {
  const p = place(c, request.bucket, key)
  const { state } = await readMerged(c, p, p.readQuorum, deadline)
  return judgedState(state, request.at)
}

function judgedState(state: KeyState, at: number | undefined): Judged {
  const all = [...state.versions.values()]
  const versions = at === undefined ? all : all.filter(({ createdAt }) => createdAt <= at)
  return { versions, heads: headsOf(versions) }
}
