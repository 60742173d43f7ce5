import { encodeContext } from '@torc/cluster/clocks/causal-context'
import { decodeSummary } from '@torc/cluster/state/key-summary'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { NamedKey } from '../index/key-rows.js'
import { prefixEnd } from '../index/prefix-end.js'
import type { AgentContext } from './agent-context.js'
import { recordsAsOf, recordsNow } from './key-records.js'
import { frameRecordBytes, versionPages } from './version-pages.js'

/** Bytes of one answer in all: a page of keys with long histories ends early, without `exhausted`. */
const pageBytesMax = 4 * 1024 * 1024
const rowsPerRead = 128

type RangeItem = ResponseOf<'fetchRange'>['keys'][number]

/**
 * A page of the keys that this agent holds of a bucket, in bytewise order, deleted states included: the server
 * judges each key on what all its owners say. With `at`, heads and versions are those of then; the context stays the
 * whole state's, as what it covers and nobody shows is removed, whenever it was made. A key whose records do not fit one frame comes again in the next, with
 * those that follow. With `onlyHints` only keys come that this agent holds hints of. Costs a seek and the page's rows, whatever the size of the bucket.
 */
export function fetchRangeHandler(agent: AgentContext) {
  return (request: IncomingRequest<'fetchRange'>): AsyncIterable<Reply<'fetchRange'>> => {
    const { head } = request
    agent.clock.observe(head.time)
    agent.layout.checkEpoch(head.epoch, head.stage)
    if (head.onlyHints !== true) agent.layout.checkMemberReader(head.stage, agent.replicasOf(head.bucketId))
    return frames(agent, request)
  }
}

async function* frames(
  agent: AgentContext,
  request: IncomingRequest<'fetchRange'>,
): AsyncIterable<Reply<'fetchRange'>> {
  const { head } = request
  let keys: RangeItem[] = []
  let frameBytes = 0
  let pageBytes = 0
  let count = 0
  for (const row of rowsOf(agent, head)) {
    if (count === head.limit || pageBytes >= pageBytesMax) {
      yield { head: { time: agent.clock.now(), keys } }
      return
    }
    count++
    for (const item of itemsOf(agent, row, head)) {
      const bytes = sizeOf(item)
      if (frameBytes + bytes > frameRecordBytes && keys.length > 0) {
        yield { head: { time: agent.clock.now(), keys } }
        keys = []
        frameBytes = 0
      }
      keys.push(item)
      frameBytes += bytes
      pageBytes += bytes
    }
  }
  yield { head: { time: agent.clock.now(), keys, exhausted: true } }
}

function* rowsOf(
  agent: AgentContext,
  head: IncomingRequest<'fetchRange'>['head'],
): Generator<NamedKey, void, undefined> {
  const prefix = Buffer.from(head.prefix ?? '')
  const end = prefixEnd(prefix)
  let after: Uint8Array = Buffer.from(head.after ?? '')
  // Keys strictly after: the prefix itself may be a key, so that its seek begins just below it.
  const fromPrefix = Buffer.compare(after, prefix) < 0
  let inclusive = fromPrefix
  if (fromPrefix) after = prefix
  for (let left = head.limit + 1; left > 0; ) {
    const wanted = Math.min(left, rowsPerRead)
    const source = head.onlyHints === true ? agent.hints.keys : agent.index.rows
    const rows = source.range(head.bucketId, after, inclusive, end, wanted)
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < wanted) return
    after = last.key
    inclusive = false
    left -= rows.length
  }
}

function* itemsOf(
  agent: AgentContext,
  row: NamedKey,
  head: IncomingRequest<'fetchRange'>['head'],
): Generator<RangeItem, void, undefined> {
  const versions = head.versions === true
  // The row was read with others, and frames may have left since: rows of versions must be of the same moment.
  const now = versions || head.at !== undefined ? agent.index.rows.find(head.bucketId, row.key) : row
  // It went to its owners since the row was read.
  if (now === undefined) return
  const summary = decodeSummary(now.summary)
  const key = Buffer.from(row.key.buffer, row.key.byteOffset, row.key.length).toString()
  const context = encodeContext(summary.context)
  const known = { id: now.id, summary }
  const others = versions ? 'all' : 'none'
  const records =
    head.at === undefined
      ? recordsNow(agent.index, known, others)
      : recordsAsOf(agent.index, known, head.at, others)
  for (const page of versionPages(records)) {
    const item = { key, context, headsCoverAll: records.headsCoverAll, heads: page.heads }
    yield versions ? { ...item, versions: page.versions } : item
  }
}

function sizeOf(item: RangeItem): number {
  let bytes = item.key.length * 3 + item.context.length + 32
  for (const record of item.heads) bytes += record.length + 5
  for (const record of item.versions ?? []) bytes += record.length + 5
  return bytes
}
