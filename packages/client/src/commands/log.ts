import type { HistoryEntry } from '@torc/protocol/store/object-store'
import { defineOptions } from '../config/options.js'
import { printable } from '../output/format.js'
import { HistoryView } from '../output/graph/history-view.js'
import { historyRecord } from '../output/records.js'
import { defineCommand } from './command.js'
import { parseObjectTarget } from './target.js'

export const log = defineCommand({
  name: 'log',
  describe: 'Show the versions of a key, newest first, and what covers what',
  arguments: {
    target: { label: 'BUCKET/KEY', kind: 'target', required: true, doc: 'Key whose history to show' },
  },
  options: defineOptions({
    graph: {
      type: 'boolean',
      doc: 'Draw it: a line joins a version to those that it covers, x is a delete marker',
    },
    limit: { type: 'integer', min: 1, value: 'N', doc: 'At most N versions' },
  }),
  examples: [
    { line: 'log photos/sea.jpg', does: 'lists the versions, which agent minted them and which are current' },
    { line: 'log photos/sea.jpg --graph', does: 'draws siblings side by side and where they were resolved' },
    { line: 'log photos/sea.jpg --json', does: 'prints each version with the ids of those that it covers' },
  ],
  async run({ arguments: { target }, options, output, signal, io, ...context }) {
    const { bucket, key } = parseObjectTarget(target)
    const store = await context.store()
    const view = new HistoryView(output, { graph: options.graph, terminalColumns: io.stdout.columns })
    for await (const entry of store.history(bucket, key, { limit: options.limit, signal })) {
      if (signal.aborted) throw signal.reason
      if (output.json) output.record(historyRecord(entry))
      else if (output.mode === 'plain' && !options.graph) output.line(plainLine(entry))
      else view.add(entry)
    }
    view.end()
    return 0
  },
})

/** Id first, then time, size, kind, who minted it, `latest`, `sibling` or `-`, and the ids of its parents. */
function plainLine(entry: HistoryEntry): string {
  const { versionId, createdAt, size, kind, mintedBy, isLatest, isHead, parents } = entry
  const place = isLatest ? 'latest' : isHead ? 'sibling' : '-'
  const fields = [versionId, createdAt.toISOString(), String(size), kind, printable(mintedBy ?? '-'), place]
  return [...fields, parents.length === 0 ? '-' : parents.join(',')].join('\t')
}
