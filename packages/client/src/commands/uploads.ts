import type { PartInfo, UploadInfo } from '@torc/protocol/store/multipart'
import { defineOptions } from '../config/options.js'
import { formatTime, printable } from '../output/format.js'
import type { Output } from '../output/output.js'
import { uploadRecord } from '../output/records.js'
import { defineCommand } from './command.js'
import { parseTarget } from './target.js'

/** What is there of an upload. */
interface PartSums {
  readonly parts: number
  readonly bytes: number
}

type Row = readonly [UploadInfo, PartSums | undefined]

export const uploads = defineCommand({
  name: 'uploads',
  describe: 'List uploads in parts that are under way',
  arguments: {
    target: { label: 'BUCKET[/PREFIX]', kind: 'prefix', required: true, doc: 'Where to look' },
  },
  options: defineOptions({
    parts: { type: 'boolean', doc: 'Say how many parts and bytes of each are there' },
  }),
  examples: [
    { line: 'uploads photos', does: 'lists what is being uploaded in parts, or was left half done' },
    { line: 'uploads photos/2026/ --parts', does: 'says how far each upload under a prefix is' },
  ],
  async run({ arguments: { target }, options, output, signal, ...context }) {
    const { bucket, key: prefix } = parseTarget(target)
    const store = await context.store()
    const rows: Row[] = []
    for await (const upload of store.uploads(bucket, { prefix, signal })) {
      const open = options.parts && upload.state === 'open'
      const sums = open
        ? await sumsOf(store.parts(bucket, upload.key, upload.uploadId, { signal }))
        : undefined
      if (output.json) output.record({ ...uploadRecord(upload), ...sums })
      else rows.push([upload, sums])
    }
    if (!output.json) show(output, rows, options.parts)
    if (rows.some(([{ state }]) => state === 'ending'))
      output.note('ending: completed or aborted, and not removed to the end; `uploads abort` does that')
    return 0
  },
})

async function sumsOf(parts: AsyncIterable<PartInfo>): Promise<PartSums> {
  let [count, bytes] = [0, 0]
  for await (const { size } of parts) {
    count++
    bytes += size
  }
  return { parts: count, bytes }
}

function show(output: Output, rows: readonly Row[], withParts: boolean): void {
  output.table(
    ['upload', 'begun', 'state', ...(withParts ? ['parts', 'bytes'] : []), 'key'],
    rows.map(([{ key, uploadId, createdAt, state }, sums]) => [
      uploadId,
      output.mode === 'terminal' ? formatTime(createdAt) : createdAt.toISOString(),
      state,
      ...(withParts ? [String(sums?.parts ?? '-'), sums === undefined ? '-' : output.bytes(sums.bytes)] : []),
      printable(key),
    ]),
  )
  if (rows.length === 0) output.note('no uploads are under way')
}
