import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import { base32 } from '@torc/protocol/identifiers/base32'
import { makeOperationId } from '@torc/protocol/identifiers/operation-id'
import type { Step } from '../plan/step.js'
import type { LocalFolder } from '../ports/local-folder.js'
import type { RemoteFolder, WriteOptions, Written } from '../ports/remote-folder.js'
import {
  type Content,
  folderContent,
  isFolderName,
  type LocalEntry,
  type RemoteHead,
  sameContent,
} from '../trees/entry.js'
import type { ConflictResolver } from './conflict-resolver.js'
import type { SyncState } from './sync-state.js'

/** `changed`: a side is no longer what the step was planned for, and nothing was done: look again, plan again. */
export type StepResult = 'done' | 'changed'

export interface StepSurroundings {
  readonly local: LocalFolder
  readonly remote: RemoteFolder
  readonly state: SyncState
  readonly resolver: ConflictResolver
  readonly random: Random
  readonly signal: AbortSignal | undefined
  readonly onBytes: (bytes: number) => void
}

type StepOf<D extends Step['does']> = Extract<Step, { readonly does: D }>

/**
 * Carries out one step and tells the journal. **Durable before done:** an upload's intent is in the journal before the first
 * byte leaves, and what comes from the store before it has its name here; what was done is there before the step ends. A step that was carried out and not told (the process was
 * killed in between) is found out by the next plan: both sides are equal then, or the version's id is that of the intent.
 */
export class StepRunner {
  readonly #around: StepSurroundings

  constructor(surroundings: StepSurroundings) {
    this.#around = surroundings
  }

  async run(step: Step): Promise<StepResult> {
    switch (step.does) {
      case 'upload':
        return this.#upload(step)
      case 'download':
        return this.#download(step)
      case 'makeFolder':
        return this.#makeFolder(step)
      case 'removeLocal':
        return this.#removeLocal(step)
      case 'removeRemote':
        return this.#removeRemote(step)
      case 'resolve':
      case 'giveWay':
        return this.#around.resolver.run(step)
      case 'adopt':
        this.#around.state.setSynced(step.name, step.synced)
        return 'done'
      case 'forget':
        this.#around.state.setSynced(step.name, undefined)
        return 'done'
    }
  }

  async #upload(step: StepOf<'upload'>): Promise<StepResult> {
    const { name, local: entry, context } = step
    const { state } = this.#around
    const begun = state.intents.get(name)
    const same = begun !== undefined && begun.context === context && sameContent(begun.content, entry.content)
    const opId = same ? begun.opId : makeOperationId(this.#around.random)
    if (!same)
      state.setIntent(name, { opId, content: entry.content, fingerprint: entry.fingerprint, context })
    const options = { mtimeMs: entry.mtimeMs, context, opId, retry: same, ...this.#limits() }
    const written = await this.#write(step, options)
    if (written === 'changed') {
      state.setIntent(name, undefined)
      return 'changed'
    }
    this.#uploaded(name, entry, written, same)
    return 'done'
  }

  /** `changed` also where an earlier attempt of the same operation had other bytes, or what it made was purged since. */
  async #write({ name, local, from }: StepOf<'upload'>, options: WriteOptions): Promise<Written | 'changed'> {
    try {
      const copied = from && (await this.#copyInStore(from, name, local.content, options))
      return copied ?? (await this.#send(name, local, options))
    } catch (thrown) {
      const { code } = TorcError.from(thrown)
      if (options.retry && (code === 'CHECKSUM' || code === 'SUPERSEDED')) return 'changed'
      throw thrown
    }
  }

  /** Undefined where the source went meanwhile: then the bytes are sent. */
  async #copyInStore(
    from: { readonly name: string; readonly versionId: string },
    name: string,
    content: Content,
    options: WriteOptions,
  ): Promise<Written | undefined> {
    try {
      return await this.#around.remote.copy(from, name, content, options)
    } catch (thrown) {
      if (gone.has(TorcError.from(thrown).code)) return undefined
      throw thrown
    }
  }

  async #send(name: string, entry: LocalEntry, options: WriteOptions): Promise<Written | 'changed'> {
    const body = isFolderName(name) ? nothing() : await this.#around.local.read(name, entry.fingerprint)
    if (body === 'changed') return 'changed'
    return this.#around.remote.write(name, entry.content, body, options)
  }

  #uploaded(name: string, entry: LocalEntry, written: Written, isRetry: boolean): void {
    const { state } = this.#around
    const asRead = written.sha256 === entry.content.sha256 || isFolderName(name)
    // Changed while it was read: what was stored is a state of the file all the same, and the next scan sees another one.
    const content = asRead ? entry.content : { ...entry.content, sha256: written.sha256 }
    const { versionId, context } = written
    // Beside other heads, or perhaps covered since: the tree says so only when the store was looked at.
    const isOnly = !written.siblings && !isRetry
    state.together(() => {
      if (isOnly) {
        const head = { content, mtimeMs: entry.mtimeMs, versionId, createdAt: new Date(0), client: undefined }
        state.setRemote(name, { heads: [head], besideMarker: false, context })
      } else state.lookAgain(name)
      state.setSynced(name, { content, fingerprint: asRead ? entry.fingerprint : '', versionId, context })
    })
  }

  async #download(step: StepOf<'download'>): Promise<StepResult> {
    const { name, head, expected, from } = step
    const { local, remote, state } = this.#around
    const { content, mtimeMs, versionId } = head
    state.setArrival(name, { content, versionId, context: step.context })
    const outcome =
      (from === undefined ? undefined : await this.#takeHere(step, from)) ??
      (await local.write(
        name,
        content,
        mtimeMs,
        counted(await remote.read(name, head, this.#around.signal), this.#around.onBytes),
        expected,
      ))
    if (outcome === 'changed') {
      state.setArrival(name, undefined)
      return 'changed'
    }
    state.together(() => {
      state.setLocal(name, outcome.done)
      state.setSynced(name, syncedWith(outcome.done, head, step.context))
    })
    return 'done'
  }

  /** Undefined where the bytes are not here any more: then they are fetched. */
  async #takeHere(step: StepOf<'download'>, from: NonNullable<StepOf<'download'>['from']>) {
    const { name, head, expected } = step
    const { local } = this.#around
    const { content, mtimeMs } = head
    if (from.name === name) {
      const set = await local.setExecutable(name, content.executable, from.fingerprint)
      return set === 'changed' ? undefined : set
    }
    const copied = await local.copy({ ...from, sha256: content.sha256 }, name, content, mtimeMs, expected)
    return copied === 'changed' ? undefined : copied
  }

  async #makeFolder({ name, head, context }: StepOf<'makeFolder'>): Promise<StepResult> {
    const { local, state } = this.#around
    state.setArrival(name, { content: folderContent, versionId: head?.versionId, context })
    const outcome = await local.makeFolder(name)
    if (outcome === 'changed') {
      state.setArrival(name, undefined)
      return 'changed'
    }
    const { done } = outcome
    state.together(() => {
      state.setLocal(name, done)
      state.setSynced(name, {
        content: done.content,
        fingerprint: done.fingerprint,
        versionId: head?.versionId,
        context,
      })
    })
    return 'done'
  }

  async #removeLocal({ name, expected }: StepOf<'removeLocal'>): Promise<StepResult> {
    const { local, state } = this.#around
    if ((await local.remove(name, isFolderName(name) ? undefined : expected)) === 'changed') return 'changed'
    state.together(() => {
      state.setLocal(name, undefined)
      state.setSynced(name, undefined)
    })
    return 'done'
  }

  async #removeRemote({ name, context }: StepOf<'removeRemote'>): Promise<StepResult> {
    const { remote, state } = this.#around
    await remote.remove(name, context, this.#around.signal)
    state.together(() => {
      state.setRemote(name, undefined)
      state.setSynced(name, undefined)
    })
    return 'done'
  }

  #limits() {
    return { signal: this.#around.signal, onProgress: this.#around.onBytes }
  }
}

/** Id of the version that an operation makes. */
export function versionIdOfOperation(opId: Uint8Array): string {
  return base32(opId)
}

const gone: ReadonlySet<string> = new Set([
  'KEY_NOT_FOUND',
  'VERSION_NOT_FOUND',
  'VERSION_REMOVED',
  'BLOCKS_MISSING',
])

function syncedWith({ content, fingerprint }: LocalEntry, { versionId }: RemoteHead, context: string) {
  return { content, fingerprint, versionId, context }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* counted(body: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void) {
  for await (const piece of body) {
    onBytes(piece.length)
    yield piece
  }
}
