import { stat } from 'node:fs/promises'
import { TorcError } from '@torc/protocol/errors'
import type { PutOptions, PutResult } from '@torc/protocol/store/object-store'
import type { CommandContext } from '../commands/command.js'
import type { Target } from '../commands/target.js'
import { folderPrefix } from '../commands/target.js'
import { fileError } from '../files/file-errors.js'
import { readLocalBody } from '../files/local-body.js'
import { walk } from '../files/walk.js'
import { inParallel, treeWidth } from './parallel.js'
import { chosenTimeoutMs } from './timeouts.js'
import { TreeFailures } from './tree-failures.js'

export interface TreeResult {
  readonly files: number
  readonly bytes: number
  readonly failures: TreeFailures
}

export interface UploadTreeOptions {
  readonly directory: string
  readonly target: Target
  readonly put: PutOptions
  /** The server reads the files itself. */
  readonly shared: boolean
  readonly onStored: (result: PutResult) => void
}

/** Puts every regular file below a directory under a prefix, several at once over one connection. */
export async function uploadTree(context: CommandContext, options: UploadTreeOptions): Promise<TreeResult> {
  const { directory, target, put, shared, onStored } = options
  const { signal, output } = context
  const status = await stat(directory).catch((error: unknown) => {
    throw fileError(error, directory)
  })
  if (!status.isDirectory()) {
    throw new TorcError('BAD_REQUEST', `${directory} is not a directory`, {
      hint: 'Leave --recursive out for a file.',
    })
  }
  const store = await context.store()
  const failures = new TreeFailures(output)
  const prefix = folderPrefix(target.key)
  const progress = context.progress.start({ label: target.bucket, files: 0, bytes: 0 })
  // Counted beside the transfer, so that the first file need not wait for the last to be found.
  const counting = new AbortController()
  const counted = countTree(directory, AbortSignal.any([signal, counting.signal]), bytes =>
    progress.grow(bytes, 1),
  )
  let files = 0
  let bytes = 0
  const putOne = async (path: string, name: string): Promise<void> => {
    const key = prefix + name
    const perFile = { ...put, signal, onProgress: (count: number) => progress.bytes(count) }
    if (shared) {
      const result = await store.putShared(target.bucket, key, path, {
        ...perFile,
        timeoutMs: chosenTimeoutMs(context),
      })
      progress.bytes(result.size)
      return stored(result)
    }
    const { body, size } = await readLocalBody(path)
    stored(await store.put(target.bucket, key, body, { ...perFile, size }))
  }
  const stored = (result: PutResult): void => {
    files++
    bytes += result.size
    progress.file()
    onStored(result)
  }
  try {
    const skipped = (path: string): void => output.note(`skipped ${path}: not a regular file`)
    await inParallel(walk(directory, skipped), treeWidth, async ({ path, name }) => {
      if (signal.aborted) throw signal.reason
      try {
        await putOne(path, name)
      } catch (error) {
        failures.add(named(error, path), signal)
      }
    })
  } finally {
    counting.abort()
    await counted
    progress.end()
  }
  return { files, bytes, failures }
}

/** An error about a key says which file it was about. */
function named(thrown: unknown, path: string): TorcError {
  const error = TorcError.from(thrown)
  if (error.message.includes(path)) return error
  return new TorcError(error.code, `${path}: ${error.message}`, { cause: error, hint: error.hint })
}

async function countTree(
  directory: string,
  signal: AbortSignal,
  onFile: (bytes: number) => void,
): Promise<void> {
  try {
    for await (const { path } of walk(directory)) {
      if (signal.aborted) return
      onFile((await stat(path)).size)
    }
  } catch {
    // Only the progress line loses by it; the transfer meets the same error and reports it.
  }
}
