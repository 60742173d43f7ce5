import { TorcError } from '@torc/protocol/errors'
import type { DeleteOptions, DeleteResult } from '@torc/protocol/store/object-store'
import { defineOptions } from '../config/options.js'
import { count, printable } from '../output/format.js'
import { deleteRecord } from '../output/records.js'
import type { Store } from '../store/remote-store.js'
import { inParallel, treeWidth } from '../transfer/parallel.js'
import { TreeFailures } from '../transfer/tree-failures.js'
import { type CommandContext, defineArguments, defineCommand, nameToType } from './command.js'
import { mayPurge } from './purge-question.js'
import { folderPrefix, parseObjectTarget, parseTarget, type Target } from './target.js'

const rmArguments = defineArguments({
  target: {
    label: 'BUCKET/KEY',
    kind: 'target',
    recursiveKind: 'prefix',
    required: true,
    doc: 'What to remove',
  },
})

const rmOptions = defineOptions({
  versionId: {
    type: 'text',
    value: 'ID',
    doc: 'Just this version (a unique beginning of its id suffices); a marker too',
  },
  marker: { type: 'boolean', doc: 'Add a delete marker and keep the versions' },
  context: {
    type: 'text',
    value: 'TOKEN',
    doc: 'Context of a get or head: remove just what it showed; empty: nothing',
  },
  recursive: { type: 'boolean', doc: 'Every object under PREFIX' },
  yes: { type: 'boolean', doc: 'Do not ask' },
})

type RmContext = CommandContext<typeof rmArguments, typeof rmOptions>

export const rm = defineCommand({
  name: 'rm',
  describe: 'Remove an object with its versions, one version, or a tree',
  usage: ['BUCKET/KEY', '--recursive BUCKET[/PREFIX]'],
  arguments: rmArguments,
  options: rmOptions,
  examples: [
    { line: 'rm photos/sea.jpg', does: 'removes all versions of a key' },
    { line: 'rm photos/sea.jpg --version-id 5fk2', does: 'removes one version' },
    { line: 'rm photos/sea.jpg --marker', does: 'hides the key; removing the marker brings it back' },
    { line: 'rm --recursive photos/2026', does: 'removes a tree' },
  ],
  async run(context) {
    const { target } = context.arguments
    return context.options.recursive
      ? removeTree(context, parseTarget(target))
      : removeOne(context, parseObjectTarget(target))
  },
})

async function removeOne(context: RmContext, { bucket, key }: Target): Promise<number> {
  const { signal } = context
  const { versionId, marker, context: token, yes } = context.options
  const store = await context.store()
  if (!yes && !marker && versionId === undefined && !(await mayPurge(context, store, { bucket, key })))
    return 1
  const options: DeleteOptions = { versionId, marker: marker ? true : undefined, context: token, signal }
  report(context, await store.delete(bucket, key, options))
  return 0
}

function report(context: RmContext, result: DeleteResult): void {
  const { output } = context
  if (output.json) {
    output.record(deleteRecord(result))
    return
  }
  const name = `${result.bucket}/${printable(result.key)}`
  const typed = nameToType(context, result.bucket, result.key)
  if (result.marker !== undefined) {
    output.summary(`marked ${name} as deleted: ${result.marker}`)
    output.note(`to bring it back, remove the marker: rm ${typed} --version-id ${result.marker}`)
  } else if (result.removed.length === 0) output.summary(`nothing to remove at ${name}`)
  else output.summary(`removed ${name}: ${count(result.removed.length, 'version')}`)
}

async function removeTree(context: RmContext, target: Target): Promise<number> {
  const { output, signal, options } = context
  if (options.versionId !== undefined || options.context !== undefined) {
    throw new TorcError('BAD_REQUEST', 'rm --recursive takes neither --version-id nor --context')
  }
  const store = await context.store()
  const place = `${target.bucket}/${folderPrefix(target.key)}`
  if (context.interactive && !options.yes && !options.marker) {
    if (!(await context.confirm(`Remove every object under ${printable(place)} for good?`))) return 1
  }
  const progress = context.progress.start({ label: `removing ${place}`, files: 0 })
  const failures = new TreeFailures(output)
  let keys = 0
  try {
    await inParallel(keysBelow(store, target, signal), treeWidth, async key => {
      if (signal.aborted) throw signal.reason
      progress.grow(0, 1)
      try {
        const result = await store.delete(target.bucket, key, {
          marker: options.marker ? true : undefined,
          signal,
        })
        keys++
        progress.file()
        if (output.json) output.record(deleteRecord(result))
      } catch (error) {
        failures.add(error, signal)
      }
    })
  } finally {
    progress.end()
  }
  if (keys === 0 && failures.count === 0)
    throw new TorcError('KEY_NOT_FOUND', `there is nothing under ${place}`)
  output.summary(
    `${options.marker ? 'marked' : 'removed'} ${count(keys, 'object')} under ${printable(place)}`,
  )
  return failures.exitCode
}

/** Keys in a folder and, as with `rm -r`, the key of that very name. */
async function* keysBelow(
  store: Store,
  { bucket, key }: Target,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const folder = folderPrefix(key)
  for await (const entry of store.list(bucket, { prefix: key, signal })) {
    if ('prefix' in entry) continue
    if (entry.key === key || entry.key.startsWith(folder)) yield entry.key
  }
}
