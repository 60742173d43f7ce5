import { TorcError } from '@torc/protocol/errors'
import { base32 } from '@torc/protocol/identifiers/base32'
import type {
  RemoteChanges,
  RemoteFolder,
  WriteOptions,
  Written,
} from '../../src/sync/ports/remote-folder.js'
import {
  type Content,
  folderContent,
  isFolderName,
  type RemoteEntry,
  type RemoteHead,
} from '../../src/sync/trees/entry.js'
import type { SimulatedVersion } from './simulated-key.js'
import type { SimulatedRemote } from './simulated-remote.js'

export type RemoteCall = keyof RemoteFolder

/**
 * What happens to calls of one client: whatever is thrown is what the caller gets. `afterCall` comes when the effect has
 * taken place: in a listing after each entry, in a body that is read half way through it.
 */
export interface CallFaults {
  beforeCall?(call: RemoteCall, name: string): void | Promise<void>
  afterCall?(call: RemoteCall, name: string): void | Promise<void>
}

/** Thrown by a hook to end a client in the middle of what it does: nothing of it may run on. */
export class Killed extends Error {
  constructor() {
    super('the client was killed')
    this.name = 'Killed'
  }
}

/** One client's view of the simulated store. */
export class SimulatedRemoteFolder implements RemoteFolder {
  readonly #remote: SimulatedRemote
  readonly #client: string
  readonly #faults: CallFaults
  readonly #nextOpId: () => Uint8Array

  constructor(remote: SimulatedRemote, client: string, faults: CallFaults, nextOpId: () => Uint8Array) {
    this.#remote = remote
    this.#client = client
    this.#faults = faults
    this.#nextOpId = nextOpId
  }

  cursor(signal?: AbortSignal): Promise<string> {
    return this.#call('cursor', '', signal, () => this.#remote.feed.cursor())
  }

  changes(cursor: string, waitMs: number, signal?: AbortSignal): Promise<RemoteChanges> {
    return this.#call('changes', '', signal, () => this.#remote.feed.changes(cursor, waitMs, signal))
  }

  /** Name by name, each as it is when it is come to, as pages of a listing are. */
  async *list(signal?: AbortSignal): AsyncGenerator<readonly [name: string, entry: RemoteEntry]> {
    await this.#before('list', '', signal)
    for (const name of this.#remote.names()) {
      const entry = this.#remote.entry(name)
      if (entry === undefined) continue
      yield [name, entry]
      await this.#faults.afterCall?.('list', name)
      checkSignal(signal)
    }
  }

  look(name: string, signal?: AbortSignal): Promise<RemoteEntry | undefined> {
    return this.#call('look', name, signal, () => this.#remote.entry(name))
  }

  async read(name: string, head: RemoteHead, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    await this.#before('read', name, signal)
    const bytes = this.#remote.bytesOf(this.#remote.key(name).read(head.versionId).content)
    return this.#halves(name, bytes, signal)
  }

  async write(
    name: string,
    content: Content,
    body: AsyncIterable<Uint8Array>,
    options: WriteOptions,
  ): Promise<Written> {
    await this.#before('write', name, options.signal)
    const pieces: Uint8Array[] = []
    for await (const piece of body) pieces.push(piece)
    const bytes = Buffer.concat(pieces)
    if (bytes.length !== content.size) {
      throw new TorcError('BAD_REQUEST', `the body has ${bytes.length} bytes, not ${content.size}`)
    }
    checkSignal(options.signal)
    const stored = contentAs(name, content, { sha256: this.#remote.keep(bytes), size: bytes.length })
    const written = this.#add(name, stored, options, () => stored)
    options.onProgress?.(bytes.length)
    await this.#faults.afterCall?.('write', name)
    return written
  }

  copy(
    from: { readonly name: string; readonly versionId: string },
    name: string,
    content: Content,
    options: WriteOptions,
  ): Promise<Written> {
    return this.#call('copy', name, options.signal, () =>
      this.#add(name, undefined, options, () =>
        contentAs(name, content, this.#remote.key(from.name).read(from.versionId).content),
      ),
    )
  }

  copyNew(
    from: { readonly name: string; readonly head: RemoteHead },
    name: string,
    signal?: AbortSignal,
  ): Promise<Written | undefined> {
    return this.#call('copyNew', name, signal, () => {
      const { content, mtimeMs, client } = this.#remote.key(from.name).read(from.head.versionId)
      if (this.#remote.entry(name) !== undefined) return undefined
      const opId = this.#nextOpId()
      return this.#written(
        name,
        this.#remote.add(name, { opId, content, mtimeMs, client, context: undefined }),
      )
    })
  }

  remove(name: string, context: string, signal?: AbortSignal): Promise<void> {
    return this.#call('remove', name, signal, () => {
      const marker = { opId: this.#nextOpId(), content: undefined, mtimeMs: 0, client: this.#client, context }
      this.#remote.add(name, marker)
    })
  }

  /** What an earlier attempt wrote is found; `sent` is what the body turned out to be, where there was one. */
  #add(name: string, sent: Content | undefined, options: WriteOptions, contentOf: () => Content): Written {
    const { opId, retry = false, context, mtimeMs } = options
    const key = this.#remote.key(name)
    const versionId = base32(opId)
    const earlier = key.find(versionId)
    if (earlier !== undefined) {
      if (!retry) throw new TorcError('INTERNAL', `two writes of ${name} have the operation id ${versionId}`)
      if (key.isRemoved(versionId))
        throw new TorcError('SUPERSEDED', `${versionId} was made and removed since`)
      if (sent !== undefined && sent.sha256 !== earlier.content?.sha256) {
        throw new TorcError('CHECKSUM', `${name}: the store has other bytes than were sent`)
      }
      return this.#written(name, earlier)
    }
    const content = contentOf()
    return this.#written(
      name,
      this.#remote.add(name, { opId, content, mtimeMs, client: this.#client, context }),
    )
  }

  #written(name: string, version: SimulatedVersion): Written {
    const { heads } = this.#remote.key(name)
    return {
      versionId: version.versionId,
      context: this.#remote.key(name).tokenOf([version]),
      sha256: version.content?.sha256 ?? '',
      siblings: heads.some(head => head !== version),
    }
  }

  async *#halves(name: string, bytes: Uint8Array, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const middle = Math.ceil(bytes.length / 2)
    if (middle > 0) yield bytes.subarray(0, middle)
    await this.#faults.afterCall?.('read', name)
    checkSignal(signal)
    if (middle < bytes.length) yield bytes.subarray(middle)
  }

  async #before(call: RemoteCall, name: string, signal: AbortSignal | undefined): Promise<void> {
    checkSignal(signal)
    await this.#faults.beforeCall?.(call, name)
  }

  async #call<T>(
    call: RemoteCall,
    name: string,
    signal: AbortSignal | undefined,
    effect: () => T | Promise<T>,
  ): Promise<T> {
    await this.#before(call, name, signal)
    const result = await effect()
    await this.#faults.afterCall?.(call, name)
    return result
  }
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new TorcError('CANCELLED', 'the call was cancelled')
}

/** What the store has then: its bytes are those that came, whatever the writer took them for. */
function contentAs(name: string, wanted: Content, bytes: Pick<Content, 'sha256' | 'size'>): Content {
  if (isFolderName(name)) return folderContent
  return { ...wanted, sha256: bytes.sha256, size: bytes.size }
}
