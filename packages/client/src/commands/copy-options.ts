import type { CopyOptions, CopyResult } from '@torc/protocol/store/object-store'
import { defineOptions } from '../config/options.js'
import { printable } from '../output/format.js'
import { type CommandContext, defineArguments } from './command.js'
import type { Target } from './target.js'
import { noteSiblings, putOptionsOf, writeOptions } from './write-options.js'

export const copyArguments = defineArguments({
  source: { label: 'SRC', kind: 'target', required: true, doc: 'BUCKET/KEY of what is there' },
  destination: {
    label: 'DST',
    kind: 'target',
    required: true,
    doc: 'BUCKET/KEY of the copy; after a bucket alone or a / the name of SRC is added',
  },
})

export const copyOptions = defineOptions({
  versionId: {
    type: 'text',
    value: 'ID',
    doc: 'This version of SRC (a unique beginning of its id suffices); the latest when absent',
  },
  context: {
    type: 'text',
    value: 'TOKEN',
    doc: 'Context of a get or head of DST: replace just what it showed; empty: nothing',
  },
  ...writeOptions,
  contentType: { ...writeOptions.contentType, doc: "Media type to store with it instead of SRC's" },
  meta: { ...writeOptions.meta, doc: "Metadata to store with it instead of SRC's; may be repeated" },
})

export function copyOptionsOf(options: Parameters<typeof putOptionsOf>[0]): CopyOptions {
  return putOptionsOf(options)
}

/** `verb` says what was done, `copied` say. */
export function reportCopy(context: CommandContext, verb: string, source: Target, result: CopyResult): void {
  const { output } = context
  const from = `${source.bucket}/${printable(source.key)}`
  const to = `${result.bucket}/${printable(result.key)}`
  if (output.mode === 'plain') {
    output.summary([to, result.versionId, result.size, result.etag, from, result.sourceVersionId].join('\t'))
  } else {
    const copies = `${result.replicasWritten.length} of ${result.preferenceList.length} copies safe`
    output.summary(
      `${verb} ${from} to ${output.colors.bold(to)}  ${output.bytes(result.size)}  version ${result.versionId}  ${copies}`,
    )
  }
  noteSiblings(context, result)
}
