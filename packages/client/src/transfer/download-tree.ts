import { TorcError } from '@torc/protocol/errors'
import type { StoredObject } from '@torc/protocol/store/object-store'
import type { CommandContext } from '../commands/command.js'
import { replaceFile } from '../files/atomic-file.js'
import { prepareBelow, prepareRoot } from '../files/safe-path.js'
import type { Progress } from '../output/progress.js'
import { inParallel, treeWidth } from './parallel.js'
import { chosenTimeoutMs } from './timeouts.js'
import { TreeFailures } from './tree-failures.js'
import type { TreeResult } from './upload-tree.js'

/** One object to fetch and the name that it gets below the chosen directory. */
export interface WantedObject {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string | undefined
  readonly size: number
  readonly name: string
}

export interface DownloadTreeOptions {
  readonly label: string
  readonly directory: string
  readonly wanted: AsyncIterable<WantedObject>
  /** The server writes the files itself. */
  readonly shared?: boolean
  readonly onWritten: (
    object: StoredObject | { readonly size: number },
    wanted: WantedObject,
    path: string,
  ) => void
}

/** Writes objects below a directory, several at once over one connection. No key can lead out of it. */
export async function downloadTree(
  context: CommandContext,
  options: DownloadTreeOptions,
): Promise<TreeResult> {
  const { signal } = context
  const store = await context.store()
  const root = await prepareRoot(options.directory)
  const failures = new TreeFailures(context.output)
  const progress = context.progress.start({ label: options.label, files: 0, bytes: 0 })
  const folders = new Set<string>()
  let files = 0
  let bytes = 0
  try {
    await inParallel(growing(options.wanted, progress), treeWidth, async wanted => {
      if (signal.aborted) throw signal.reason
      const { bucket, key, versionId } = wanted
      try {
        const path = await prepareBelow(root, wanted.name, folders)
        const get = { signal, versionId, onProgress: (count: number) => progress.bytes(count) }
        if (options.shared === true) {
          const info = await store.getShared(bucket, key, path, {
            ...get,
            timeoutMs: chosenTimeoutMs(context),
          })
          progress.bytes(info.size)
          bytes += info.size
          options.onWritten(info, wanted, path)
        } else {
          const object = await store.get(bucket, key, get)
          await writeObject(path, object)
          bytes += object.size
          options.onWritten(object, wanted, path)
        }
        files++
        progress.file()
      } catch (error) {
        const { code, message, hint } = TorcError.from(error)
        // Removed between the listing and the reading: as if it had never been listed.
        if (code === 'KEY_NOT_FOUND' || code === 'VERSION_NOT_FOUND') return
        failures.add(new TorcError(code, `${bucket}/${key}: ${message}`, { cause: error, hint }), signal)
      }
    })
  } finally {
    progress.end()
  }
  return { files, bytes, failures }
}

async function writeObject(path: string, object: StoredObject): Promise<void> {
  try {
    await replaceFile(path, object.body)
  } catch (error) {
    object.discard()
    throw error
  }
}

async function* growing(
  wanted: AsyncIterable<WantedObject>,
  progress: Progress,
): AsyncGenerator<WantedObject> {
  for await (const object of wanted) {
    progress.grow(object.size, 1)
    yield object
  }
}
