import { resolve } from 'node:path'
import type { FetchItem } from '@torc/protocol/store/object-store'
import { defineOptions } from '../config/options.js'
import { count, formatBytes, printable } from '../output/format.js'
import { fetchRecord } from '../output/records.js'
import { downloadTree, type WantedObject } from '../transfer/download-tree.js'
import { type CommandContext, defineArguments, defineCommand } from './command.js'
import { parseBucket } from './target.js'

const fetchArguments = defineArguments({
  bucket: { label: 'BUCKET', kind: 'bucket', required: true, doc: 'Bucket to gather' },
})

const fetchOptions = defineOptions({
  prefix: { type: 'text', value: 'PREFIX', doc: 'Only keys that begin so' },
  out: { type: 'path', value: 'DIR', doc: 'Write the bodies below this directory, too' },
})

type FetchContext = CommandContext<typeof fetchArguments, typeof fetchOptions>

export const fetch = defineCommand({
  name: 'fetch',
  describe: 'Gather every version that the agents hold of a bucket',
  arguments: fetchArguments,
  options: fetchOptions,
  examples: [
    { line: 'fetch events', does: 'lists every version and the agents that hold it' },
    { line: 'fetch events --prefix 2026 --out ./events', does: 'writes the bodies, too' },
  ],
  async run(context) {
    const { options, signal } = context
    const bucket = parseBucket(context.arguments.bucket)
    const store = await context.store()
    const items = store.fetch(bucket, { prefix: options.prefix, signal })
    if (options.out !== undefined) return writeItems(context, items, options.out)
    let versions = 0
    for await (const item of items) {
      if (signal.aborted) throw signal.reason
      versions++
      show(context, item)
    }
    context.output.note(count(versions, 'version'))
    return 0
  },
})

function show({ output }: FetchContext, item: FetchItem): void {
  if (output.json) output.record(fetchRecord(item))
  else
    output.line(
      [printable(item.key), output.bytes(item.size), item.versionId, item.agents.join(',')].join('\t'),
    )
}

/** One version of a key is written under the key; of several each gets its id behind the name. */
async function writeItems(
  context: FetchContext,
  items: AsyncIterable<FetchItem>,
  out: string,
): Promise<number> {
  const { output } = context
  const byKey = new Map<string, FetchItem[]>()
  let partial: unknown
  try {
    for await (const item of items) {
      const known = byKey.get(item.key)
      if (known === undefined) byKey.set(item.key, [item])
      else known.push(item)
    }
  } catch (error) {
    // What could be gathered is written all the same; the error is told at the end.
    if (context.signal.aborted || byKey.size === 0) throw error
    partial = error
  }
  const { files, bytes, failures } = await downloadTree(context, {
    label: context.arguments.bucket,
    directory: resolve(context.directory, out),
    wanted: named(byKey),
    onWritten: (_object, wanted) => {
      const item = byKey.get(wanted.key)?.find(({ versionId }) => versionId === wanted.versionId)
      if (item !== undefined && output.json) output.record(fetchRecord(item))
    },
  })
  output.summary(`wrote ${count(files, 'file')}, ${formatBytes(bytes)}, to ${printable(out)}`)
  if (partial !== undefined) throw partial
  return failures.exitCode
}

async function* named(byKey: ReadonlyMap<string, readonly FetchItem[]>): AsyncGenerator<WantedObject> {
  for (const items of byKey.values()) {
    for (const { bucket, key, versionId, size } of items) {
      yield { bucket, key, versionId, size, name: items.length === 1 ? key : `${key}@${versionId}` }
    }
  }
}
