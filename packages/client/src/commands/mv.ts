import { TorcError } from '@torc/protocol/errors'
import type { CopyResult, CopySource, DeleteResult } from '@torc/protocol/store/object-store'
import { defineOptions } from '../config/options.js'
import { count, printable } from '../output/format.js'
import { copyRecord } from '../output/records.js'
import type { Store } from '../store/remote-store.js'
import { chosenTimeoutMs } from '../transfer/timeouts.js'
import { type CommandContext, defineCommand, nameToType } from './command.js'
import { copyArguments, copyOptions, copyOptionsOf, reportCopy } from './copy-options.js'
import { parseDestination, parseSource } from './copy-target.js'
import { mayPurge } from './purge-question.js'
import type { Target } from './target.js'

const mvOptions = defineOptions({
  ...copyOptions,
  versionId: {
    ...copyOptions.versionId,
    doc: 'Only this version of SRC (a unique beginning of its id suffices)',
  },
  marker: { type: 'boolean', doc: 'Leave a delete marker at SRC and keep its versions' },
  yes: { type: 'boolean', doc: 'Do not ask' },
})

type MvContext = CommandContext<typeof copyArguments, typeof mvOptions>

export const mv = defineCommand({
  name: 'mv',
  describe: 'Copy an object within the cluster, then remove it with its versions where it was',
  arguments: copyArguments,
  options: mvOptions,
  examples: [
    { line: 'mv photos/sea.jpg archive/', does: 'moves its latest version; the older ones are removed' },
    { line: 'mv photos/sea.jpg archive/ --marker', does: 'keeps the versions, under a delete marker' },
  ],
  async run(context) {
    const { options, signal } = context
    const { versionId, marker } = options
    const source = parseSource(context.arguments.source)
    const { bucket, key } = parseDestination(context.arguments.destination, source)
    if (bucket === source.bucket && key === source.key) {
      throw new TorcError('BAD_REQUEST', `mv: ${bucket}/${key} is both names`, {
        hint: 'To make an old version the latest again: cp SRC SRC --version-id ID.',
      })
    }
    if (marker && versionId !== undefined)
      throw new TorcError('BAD_REQUEST', 'mv takes --version-id or --marker, not both')
    const store = await context.store()
    const from = { ...source, versionId: versionId ?? (await onlyHead(context, store, source)) }
    if (versionId === undefined && !marker && !options.yes && !(await mayPurge(context, store, source)))
      return 1
    const copy = { ...copyOptionsOf(options), signal, timeoutMs: chosenTimeoutMs(context) }
    const copied = await store.copy(from, bucket, key, copy)
    report(context, from, copied, await removeSource(context, store, source, copied))
    return 0
  },
})

/** Of several heads a move would keep one: someone must say what shall be kept. */
async function onlyHead(context: MvContext, store: Store, { bucket, key }: Target): Promise<string> {
  const { versionId, siblings } = await store.head(bucket, key, { signal: context.signal })
  if (siblings.length === 0) return versionId
  const name = nameToType(context, bucket, key)
  const heads = siblings.length + 1
  throw new TorcError('CONFLICT', `${bucket}/${key} has ${heads} heads, and mv would keep one of them`, {
    hint: `See them with \`get ${name} --all-siblings DIR\` and put what shall be, or move one with --version-id.`,
  })
}

/** What was copied and what that covers; a write made since stays. */
async function removeSource(
  context: MvContext,
  store: Store,
  { bucket, key }: Target,
  { sourceVersionId, sourceContext, ...copied }: CopyResult,
): Promise<DeleteResult> {
  const { options, signal } = context
  try {
    if (options.versionId !== undefined)
      return await store.delete(bucket, key, { versionId: sourceVersionId, signal })
    const marker = options.marker ? true : undefined
    return await store.delete(bucket, key, { context: sourceContext, marker, signal })
  } catch (thrown) {
    const { code, message } = TorcError.from(thrown)
    throw new TorcError(
      code,
      `copied to ${copied.bucket}/${copied.key}, but ${bucket}/${key} could not be removed: ${message}`,
      {
        cause: thrown,
        hint: `Both are there. Remove the old one with \`rm ${nameToType(context, bucket, key)}\`.`,
      },
    )
  }
}

function report(
  context: MvContext,
  source: CopySource,
  copied: CopyResult,
  { removed, marker }: DeleteResult,
): void {
  const { output } = context
  if (output.json) {
    output.record({ ...copyRecord(source, copied), removed, marker: marker ?? null })
    return
  }
  reportCopy(context, 'moved', source, copied)
  const name = `${source.bucket}/${printable(source.key)}`
  if (marker !== undefined) output.note(`the versions of ${name} are kept under the delete marker ${marker}`)
  else if (removed.length > 1) output.note(`removed ${name}: ${count(removed.length, 'version')}`)
}
