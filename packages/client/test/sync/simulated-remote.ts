import type { Clock } from '@torc/protocol/environment/clock'
import type { Random } from '@torc/protocol/environment/random'
import { systemHasher } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { base32 } from '@torc/protocol/identifiers/base32'
import { compareKeys } from '@torc/protocol/identifiers/key-order'
import { makeOperationId } from '@torc/protocol/identifiers/operation-id'
import type { RemoteFolder } from '../../src/sync/ports/remote-folder.js'
import { type Content, folderContent, isFolderName, type RemoteEntry } from '../../src/sync/trees/entry.js'
import { type FeedDisturbance, SimulatedFeed } from './simulated-feed.js'
import { SimulatedKey, type SimulatedVersion } from './simulated-key.js'
import { type CallFaults, SimulatedRemoteFolder } from './simulated-remote-folder.js'

/** A version as a checker sees it. */
export interface PastVersion extends SimulatedVersion {
  readonly removed: boolean
  readonly isHead: boolean
}

/** A version to be made. */
export interface NewVersion {
  readonly opId: Uint8Array
  /** Undefined: a delete marker. */
  readonly content: Content | undefined
  readonly mtimeMs: number
  readonly client: string | undefined
  /** As of `SimulatedKey.covered`. */
  readonly context: string | undefined
}

/**
 * The prefix in a store that is not there, for many clients at once. Its versions, contexts, heads and markers are as
 * those of the real one; every effect happens between two turns of the event loop.
 */
export class SimulatedRemote {
  readonly #clock: Clock
  readonly #random: Random
  readonly #keys = new Map<string, SimulatedKey>()
  readonly #bodies = new Map<string, Uint8Array>()
  readonly feed: SimulatedFeed

  constructor({
    clock,
    random,
    disturbance,
  }: {
    readonly clock: Clock
    readonly random: Random
    readonly disturbance?: FeedDisturbance | undefined
  }) {
    this.#clock = clock
    this.#random = random
    this.feed = new SimulatedFeed(clock)
    this.feed.disturbance = disturbance
  }

  /** The prefix as one client sees it. `faults` may throw before a call has done anything, or after it has. */
  folder(client: string, faults: CallFaults = {}): RemoteFolder {
    return new SimulatedRemoteFolder(this, client, faults, () => makeOperationId(this.#random))
  }

  // ---- what another program does

  /** Writes a file (or a folder, by its name) over all that is there, or under a context. */
  put(
    name: string,
    text: string,
    options: {
      readonly kind?: 'file' | 'link'
      readonly executable?: boolean
      readonly mtimeMs?: number
      readonly context?: string
    } = {},
  ): SimulatedVersion {
    const { kind = 'file', executable = false, mtimeMs = this.#clock.nowMs(), context } = options
    const bytes = Buffer.from(text)
    const sha256 = this.keep(bytes)
    const content = isFolderName(name) ? folderContent : { kind, sha256, size: bytes.length, executable }
    const opId = makeOperationId(this.#random)
    return this.add(name, { opId, content, mtimeMs, client: undefined, context })
  }

  /** Adds a delete marker over all that is there, or under a context. */
  delete(name: string, context?: string): SimulatedVersion {
    const opId = makeOperationId(this.#random)
    return this.add(name, { opId, content: undefined, mtimeMs: 0, client: undefined, context })
  }

  /** Removes a version, or all of them, for good. */
  purge(name: string, versionId?: string): void {
    const key = this.key(name)
    for (const { versionId: id } of key.versions) {
      if ((versionId !== undefined && id !== versionId) || key.isRemoved(id)) continue
      key.remove(id)
      this.feed.add({ name, versionId: id, removed: true })
    }
  }

  // ---- what a checker asks

  /** All versions that there ever were, markers and removed ones too, oldest first. */
  history(name: string): readonly PastVersion[] {
    const key = this.#keys.get(name)
    if (key === undefined) return []
    return key.versions.map(one => ({
      ...one,
      removed: key.isRemoved(one.versionId),
      isHead: key.heads.includes(one),
    }))
  }

  /** Names that ever were, in the order of a listing. */
  names(): readonly string[] {
    const ever = [...this.#keys].filter(([, { versions }]) => versions.length > 0)
    return ever.map(([name]) => name).sort(compareKeys)
  }

  /** What a look at the name gives. */
  entry(name: string): RemoteEntry | undefined {
    return this.#keys.get(name)?.entry()
  }

  /** Names with an object, and its text: of the head with the smallest id where there are several. */
  texts(): ReadonlyMap<string, string> {
    const texts = new Map<string, string>()
    for (const name of this.names()) {
      const content = this.entry(name)?.heads[0]?.content
      if (content !== undefined) texts.set(name, Buffer.from(this.bytesOf(content)).toString())
    }
    return texts
  }

  /** Some version has, or had, these bytes. */
  hasText(text: string): boolean {
    return this.#bodies.has(Buffer.from(systemHasher.sha256(Buffer.from(text))).toString('hex'))
  }

  bytesOf(content: Content): Uint8Array {
    const bytes = content.kind === 'folder' ? new Uint8Array() : this.#bodies.get(content.sha256)
    if (bytes === undefined) throw new TorcError('INTERNAL', `nobody wrote ${content.sha256}`)
    return bytes
  }

  // ---- what the folders of clients do

  key(name: string): SimulatedKey {
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    const key = new SimulatedKey(name)
    this.#keys.set(name, key)
    return key
  }

  /** Its SHA-256. */
  keep(bytes: Uint8Array): string {
    const sha256 = Buffer.from(systemHasher.sha256(bytes)).toString('hex')
    if (!this.#bodies.has(sha256)) this.#bodies.set(sha256, bytes)
    return sha256
  }

  add(name: string, { opId, content, mtimeMs, client, context }: NewVersion): SimulatedVersion {
    const key = this.key(name)
    const version: SimulatedVersion = {
      ...{ versionId: base32(opId), content, mtimeMs, client, covers: key.covered(context) },
      createdAt: new Date(this.#clock.nowMs()),
    }
    key.add(version)
    this.feed.add({ name, versionId: version.versionId })
    return version
  }
}
