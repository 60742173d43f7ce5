import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type {
  BodyInput,
  CopyOptions,
  ObjectStore,
  PutResult,
  VersionInfo,
} from '@torc/protocol/store/object-store'
import { RepeatableBody } from '../../store/repeatable-body.js'
import { piecesOf } from '../../store/upload.js'
import type { RemoteChanges, RemoteFolder, WriteOptions, Written } from '../ports/remote-folder.js'
import { type Content, isFolderName, type RemoteEntry, type RemoteHead } from '../trees/entry.js'
import { entryOfListed, isGone, lookAt } from './key-look.js'
import { contentTypeOf, metadataOf } from './metadata.js'

/** What a folder asks of a store. */
export type FolderStore = Pick<ObjectStore, 'list' | 'head' | 'get' | 'put' | 'copy' | 'delete' | 'changes'>

export interface StoreFolderOptions {
  readonly bucket: string
  /** Empty, or ends with `/`. */
  readonly prefix: string
  /** Id of this sync client, which goes with all that it writes. */
  readonly client: string
}

/** Names of which changes are gathered before they are told; what is behind them is told by the next call. */
const changedNamesMax = 10_000
/** As of `ChangesOptions.waitMs`. */
const waitMsMax = 60_000

/** A prefix in a bucket. Calls are tried again by the store's client; what fails all the same is the caller's to see. */
export class StoreFolder implements RemoteFolder {
  readonly #store: FolderStore
  readonly #bucket: string
  readonly #prefix: string
  readonly #client: string

  constructor(store: FolderStore, { bucket, prefix, client }: StoreFolderOptions) {
    if (prefix !== '' && !prefix.endsWith('/')) {
      throw new TorcError('BAD_REQUEST', `the prefix ${prefix} does not end with /`)
    }
    this.#store = store
    this.#bucket = bucket
    this.#prefix = prefix
    this.#client = client
  }

  async cursor(signal?: AbortSignal): Promise<string> {
    return (await this.#store.changes(this.#bucket, { prefix: this.#prefix, signal })).cursor
  }

  async changes(cursor: string, waitMs: number, signal?: AbortSignal): Promise<RemoteChanges> {
    const names = new Map<string, string[]>()
    const removed = new Set<string>()
    let next: { readonly cursor: string; readonly waitMs: number } = {
      cursor,
      waitMs: Math.min(waitMs, waitMsMax),
    }
    for (;;) {
      const batch = await this.#store.changes(this.#bucket, { prefix: this.#prefix, signal, ...next })
      for (const { key, versionId, type } of batch.changes) {
        const name = this.#nameOf(key)
        if (name === undefined) continue
        if (type === 'remove') removed.add(name)
        const told = names.get(name)
        if (told === undefined) names.set(name, [versionId])
        else told.push(versionId)
      }
      if (batch.reset || !batch.more || names.size >= changedNamesMax)
        return { names, removed, cursor: batch.cursor, reset: batch.reset }
      next = { cursor: batch.cursor, waitMs: 0 }
    }
  }

  async *list(signal?: AbortSignal): AsyncGenerator<readonly [name: string, entry: RemoteEntry]> {
    const options = { prefix: this.#prefix, details: true, signal }
    for await (const listed of this.#store.list(this.#bucket, options)) {
      if ('prefix' in listed) continue
      const name = this.#nameOf(listed.key)
      if (name === undefined) continue
      const entry = entryOfListed(name, listed) ?? (await this.look(name, signal))
      if (entry !== undefined) yield [name, entry]
    }
  }

  look(name: string, signal?: AbortSignal): Promise<RemoteEntry | undefined> {
    const at = { bucket: this.#bucket, key: this.#keyOf(name), name }
    return lookAt(this.#store, at, { signal })
  }

  async read(name: string, head: RemoteHead, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { versionId } = head
    return (await this.#store.get(this.#bucket, this.#keyOf(name), { versionId, signal })).body
  }

  async write(
    name: string,
    content: Content,
    body: AsyncIterable<Uint8Array>,
    options: WriteOptions,
  ): Promise<Written> {
    const { context, opId, retry, signal, onProgress, mtimeMs } = options
    const written = await this.#store.put(this.#bucket, this.#keyOf(name), await bodyInput(body, content), {
      ...{ context, opId, retry, signal, onProgress, size: content.size },
      contentType: contentTypeOf(content),
      metadata: metadataOf(content, { mtimeMs, client: this.#client }),
    })
    return this.#written(name, written)
  }

  async copy(
    from: { readonly name: string; readonly versionId: string },
    name: string,
    content: Content,
    options: WriteOptions,
  ): Promise<Written> {
    const { context, opId, retry, signal, mtimeMs } = options
    // A copy with other metadata has none of its source's: what other programs wrote there is read first.
    const source = await this.#sourceOf(from, options)
    return this.#copy(from, name, {
      ...{ context, opId, retry, signal },
      contentType: contentTypeOf(content, source?.contentType),
      metadata: metadataOf(content, { mtimeMs, client: this.#client }, source?.metadata),
    })
  }

  async copyNew(
    { name: fromName, head: { versionId } }: { readonly name: string; readonly head: RemoteHead },
    name: string,
    signal?: AbortSignal,
  ): Promise<Written | undefined> {
    try {
      return await this.#copy({ name: fromName, versionId }, name, { ifNoneMatch: '*', signal })
    } catch (thrown) {
      if (TorcError.from(thrown).code === 'CONDITION_FAILED') return undefined
      throw thrown
    }
  }

  async remove(name: string, context: string, signal?: AbortSignal): Promise<void> {
    await this.#store.delete(this.#bucket, this.#keyOf(name), { marker: true, context, signal })
  }

  /** Undefined where it is gone, which an earlier attempt of the copy need not have met. */
  async #sourceOf(
    from: { readonly name: string; readonly versionId: string },
    { retry = false, signal }: WriteOptions,
  ): Promise<VersionInfo | undefined> {
    const { name, versionId } = from
    try {
      return await this.#store.head(this.#bucket, this.#keyOf(name), { versionId, signal })
    } catch (thrown) {
      if (retry && isGone(thrown)) return undefined
      throw thrown
    }
  }

  async #copy(
    from: { readonly name: string; readonly versionId: string },
    name: string,
    options: CopyOptions,
  ): Promise<Written> {
    const source = { bucket: this.#bucket, key: this.#keyOf(from.name), versionId: from.versionId }
    return this.#written(name, await this.#store.copy(source, this.#bucket, this.#keyOf(name), options))
  }

  #written(name: string, { versionId, context, sha256, siblings }: PutResult): Written {
    return {
      ...{ versionId, context, siblings: siblings.length > 0 },
      sha256: isFolderName(name) ? '' : sha256,
    }
  }

  #keyOf(name: string): string {
    return this.#prefix + name
  }

  /** Undefined for the object of the prefix itself, which is the folder and not in it. */
  #nameOf(key: string): string | undefined {
    return key.startsWith(this.#prefix) && key !== this.#prefix ? key.slice(this.#prefix.length) : undefined
  }
}

/** Small bodies go in one frame, and large ones by hash or as a stream that may be read again. */
async function bodyInput(body: AsyncIterable<Uint8Array>, { size }: Content): Promise<BodyInput> {
  if (size > limits.inlineBodyBytesMax) return new RepeatableBody(() => body)
  const pieces: Uint8Array[] = []
  for await (const piece of piecesOf(body, size)) pieces.push(piece)
  return Buffer.concat(pieces)
}
