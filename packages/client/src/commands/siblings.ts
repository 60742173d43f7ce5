import { join } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import { replaceFile } from '../files/atomic-file.js'
import { prepareRoot } from '../files/safe-path.js'
import { count, formatTime, printable } from '../output/format.js'
import { versionRecord } from '../output/records.js'
import type { Store } from '../store/remote-store.js'
import { type CommandContext, nameToType } from './command.js'
import type { Target } from './target.js'

export interface SiblingsWanted {
  readonly target: Target
  readonly at: Date | undefined
  readonly directory: string
}

interface Heads {
  readonly ids: readonly string[]
  /** Token of what covers all of them. */
  readonly context: string | undefined
}

/** Writes every head of a key below a directory, each under its version's id, and says how to resolve them. */
export async function writeSiblings(context: CommandContext, wanted: SiblingsWanted): Promise<number> {
  const { target, at, directory } = wanted
  const { output, signal } = context
  const { bucket, key } = target
  const store = await context.store()
  const heads = await headsOf(store, wanted, signal)
  const root = await prepareRoot(directory)
  const progress = context.progress.start({ label: `${bucket}/${key}`, bytes: 0 })
  let markers = 0
  try {
    for (const versionId of heads.ids) {
      const info = await store.head(bucket, key, { versionId, signal })
      // A head that says "deleted" has no body to read.
      const path = info.kind === 'marker' ? undefined : join(root, versionId)
      progress.grow(info.size, 0)
      if (path === undefined) markers++
      else {
        const object = await store.get(bucket, key, {
          ...{ versionId, signal },
          onProgress: bytes => progress.bytes(bytes),
        })
        await replaceFile(path, object.body).catch((error: unknown) => {
          object.discard()
          throw error
        })
      }
      progress.above(() => {
        if (output.json) {
          // Each line carries the token that resolves all of them.
          const token = at === undefined ? (heads.context ?? info.context) : info.context
          output.record({ ...versionRecord(info), context: token, file: path ?? null })
          return
        }
        const { size, etag, createdAt } = info
        const name = path === undefined ? 'deleted' : printable(path)
        if (output.mode === 'plain') output.summary([name, versionId, size, etag].join('\t'))
        else if (path === undefined) output.summary(`deleted by ${versionId}  ${formatTime(createdAt)}`)
        else
          output.summary(`wrote ${output.colors.bold(name)}  ${output.bytes(size)}  ${formatTime(createdAt)}`)
      })
    }
  } finally {
    progress.end()
  }
  tell(context, wanted, heads, markers)
  return 0
}

/** Where the latest head is a delete marker a read fails, and names the others all the same. */
async function headsOf(store: Store, { target, at }: SiblingsWanted, signal: AbortSignal): Promise<Heads> {
  try {
    const info = await store.head(target.bucket, target.key, { at, signal })
    return { ids: [info.versionId, ...info.siblings], context: info.context }
  } catch (thrown) {
    const error = TorcError.from(thrown)
    const { marker, siblings, context } = error.details ?? {}
    const others = Array.isArray(siblings) ? siblings.filter(id => typeof id === 'string') : []
    if (error.code !== 'KEY_NOT_FOUND' || typeof marker !== 'string' || others.length === 0) throw error
    return { ids: [marker, ...others], context: typeof context === 'string' ? context : undefined }
  }
}

function tell(context: CommandContext, { target, at }: SiblingsWanted, heads: Heads, markers: number): void {
  const { output } = context
  const name = `${target.bucket}/${printable(target.key)}`
  const deleted = markers === 0 ? '' : ` (${markers} of them: deleted)`
  const many = `${count(heads.ids.length, 'head')} of ${name}${deleted}`
  // What was is no longer to be resolved: a token of then covers none of what came since.
  if (at !== undefined) output.note(`${many}, as of ${at.toISOString()}`)
  else if (heads.ids.length === 1) output.note(`${name} has one head: there is nothing to resolve`)
  else {
    const token = heads.context === undefined ? '' : ` --context ${heads.context}`
    output.note(`${many}; to resolve them, put what shall be:`)
    output.note(`put ${nameToType(context, target.bucket, target.key)} FILE${token}`)
  }
}
