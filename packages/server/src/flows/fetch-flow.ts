import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline } from '../core/deadline.js'
import type { Layout } from '../layout/layout.js'
import { planCoverage } from '../list/coverage.js'
import { holdersOf, joinReports, versionsOf } from '../list/judge.js'
import { MergedRange } from '../list/merged-range.js'
import { PageSize } from '../list/page-size.js'
import { RangeSource } from '../list/range-source.js'

export interface FetchRequest {
  readonly bucket: BucketView
  readonly prefix: string
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** A stored version and the agents that hold it. */
export interface FetchedItem {
  readonly key: string
  readonly versionId: string
  readonly size: number
  readonly agents: readonly string[]
}

export interface FetchedPage {
  readonly items: readonly FetchedItem[]
  /** In the last page: what could not be gathered. */
  readonly end: { readonly missing: readonly number[]; readonly silent: readonly string[] } | undefined
}

const pageItems = 500
/** A page must fit the head of a frame. */
const pageBytesMax = limits.headBytesMax / 2
const itemBytes = 64
/** Of the first page of each agent. */
const firstKeys = 256

/**
 * Gathers what all agents of the layout hold under a prefix, in key order, each version once. Agents that do not
 * answer, or stop answering, are named at the end, with the partitions of which fewer than R owners were heard.
 */
export async function* gatherAll(c: Coordination, request: FetchRequest): AsyncGenerator<FetchedPage> {
  const { bucket, prefix, timeoutMs, signal } = request
  const layout = c.layouts.require()
  const silent = new Set<string>()
  const ids = layout.allAgents
  for (const id of ids) if (!c.agents.isAlive(id)) silent.add(id)
  const query = { bucketId: bucket.id, prefix, versions: true, at: undefined, onlyHints: false }
  const deadline = () => new Deadline(c.environment.clock, timeoutMs, signal)
  const range = new MergedRange(
    ids
      .filter(id => !silent.has(id))
      .map(id => {
        const start = { after: '', size: new PageSize(1, firstKeys) }
        return new RangeSource(c, layout, id, query, start, deadline)
      }),
  )
  let items: FetchedItem[] = []
  while (!range.done) {
    if (!range.ready) await fillOrDrop(c, range, silent)
    for (let merged = range.ready ? range.take() : undefined; merged !== undefined; ) {
      const { key, reports } = merged
      for (const version of versionsOf(joinReports(reports)).versions) {
        if (version.kind === 'marker') continue
        items.push({ key, versionId: version.id, size: version.size, agents: holdersOf(reports, version) })
      }
      if (items.length >= pageItems) {
        for (const page of pagesOf(items)) yield { items: page, end: undefined }
        items = []
      }
      merged = range.ready ? range.take() : undefined
    }
  }
  for (const page of pagesOf(items)) yield { items: page, end: undefined }
  yield { items: [], end: { missing: uncovered(layout, bucket, silent), silent: [...silent] } }
}

/** A key with a long history may alone be more than a page; long keys and lists of agents make pages shorter. */
function* pagesOf(items: readonly FetchedItem[]): Generator<readonly FetchedItem[]> {
  let page: FetchedItem[] = []
  let bytes = 0
  for (const item of items) {
    page.push(item)
    bytes += itemBytes + Buffer.byteLength(item.key) + item.agents.length * limits.nodeIdBytesMax
    if (page.length < pageItems && bytes < pageBytesMax) continue
    yield page
    page = []
    bytes = 0
  }
  if (page.length > 0) yield page
}

async function fillOrDrop(c: Coordination, range: MergedRange, silent: Set<string>): Promise<void> {
  await Promise.all(
    range.waiting.map(async source => {
      try {
        await source.fill()
      } catch (thrown) {
        const error = TorcError.from(thrown)
        if (error.code === 'CANCELLED') throw error
        c.log.warn(
          { agent: source.agent, code: error.code },
          'an agent fell silent while it was gathered from',
        )
        silent.add(source.agent)
        range.drop(source)
      }
    }),
  )
}

function uncovered(layout: Layout, bucket: BucketView, silent: ReadonlySet<string>): readonly number[] {
  const ownersOf = (partition: number): readonly string[] => layout.owners(partition, bucket.replicas)
  return planCoverage(layout.partitions, ownersOf, bucket.readQuorum, agent => !silent.has(agent)).missing
}
