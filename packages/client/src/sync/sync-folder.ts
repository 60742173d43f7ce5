import { mkdir, rename } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { CallOptions, ObjectStore } from '@torc/protocol/store/object-store'
import type { OpenedSyncSession } from '@torc/protocol/store/sync-sessions'
import { fileError } from '../files/file-errors.js'
import { SyncEngine } from './engine/engine.js'
import { keepInSync } from './engine/keep-in-sync.js'
import type { SyncObserver, SyncReport } from './engine/report.js'
import { Journal } from './journal/journal.js'
import { DiskFolder } from './local/disk-folder.js'
import { syncFolderName } from './local/ignore-rules.js'
import type { Plan } from './plan/step.js'
import { StoreFolder } from './remote/store-folder.js'
import { checkSamePlace, type Identity, readIdentity, writeIdentity } from './session/identity.js'

/** From one report of the session's place in the feed to the next. */
const keepEveryMs = 60_000

export interface SyncFolderOptions {
  readonly store: ObjectStore
  readonly environment: Environment
  readonly directory: string
  readonly bucket: string
  /** Ends with `/` unless it is empty. */
  readonly prefix: string
  /** Id of the client; that of the folder's last sync when absent. */
  readonly client?: string | undefined
  readonly session?: string | undefined
  readonly links?: 'store' | 'skip' | undefined
  readonly yesDelete?: boolean | undefined
  /** Only `preview` is wanted: a folder that was never synced stays as it is. */
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly observer?: SyncObserver | undefined
  /** Something that people should know and that stops nothing. */
  readonly onWarning?: ((message: string) => void) | undefined
}

/** As whom a folder is synced. */
export type Session = Identity & Pick<OpenedSyncSession, 'newClient' | 'newSession'>

/** A folder and its place in the store, opened: with a client, a session, and the journal of what was synced. */
export class SyncedFolder {
  opened: Session
  readonly #options: SyncFolderOptions
  readonly #local: DiskFolder
  readonly #remote: StoreFolder
  readonly #journal: Journal
  readonly #engine: SyncEngine
  #keptAt = Number.NEGATIVE_INFINITY

  private constructor(options: SyncFolderOptions, opened: Session, local: DiskFolder, journal: Journal) {
    const { store, environment, bucket, prefix } = options
    this.opened = opened
    this.#options = options
    this.#local = local
    this.#journal = journal
    this.#remote = new StoreFolder(store, { bucket, prefix, client: opened.client })
    this.#engine = new SyncEngine(local, this.#remote, journal, {
      ...options,
      random: environment.random,
      nameBytesMax: limits.keyBytesMax - Buffer.byteLength(prefix),
    })
  }

  /**
   * Opens the folder, which is made where it is not there. CONFLICT where it is synced with another place or by another
   * process. A damaged journal is put aside and both sides are merged without deletes; so they are where the cluster does
   * not know the client any more.
   */
  static async open(options: SyncFolderOptions): Promise<SyncedFolder> {
    const { environment, bucket, prefix, dryRun = false } = options
    const directory = resolve(options.directory)
    if (!dryRun) await makeFolder(directory)
    const identity = await readIdentity(directory)
    checkSamePlace(identity, { bucket, prefix })
    const { random, hasher } = environment
    const local = await DiskFolder.open(directory, {
      ...{ random, hasher, onWarning: options.onWarning },
      links: options.links ?? 'store',
    })
    // What was never synced has no journal, and a preview leaves none.
    const journal =
      dryRun && identity === undefined ? Journal.open(':memory:') : await openJournal(directory, options)
    try {
      const opened = dryRun
        ? preview(options, identity)
        : await openSession(directory, options, identity, journal)
      if (!dryRun) await local.recover()
      return new SyncedFolder(options, opened, local, journal)
    } catch (thrown) {
      journal.close()
      throw thrown
    }
  }

  preview(): Promise<Plan> {
    return this.#engine.preview()
  }

  /** Brings both sides level once. */
  async once(): Promise<SyncReport> {
    const report = await this.#engine.run('all')
    await this.#keep({ signal: this.#options.signal })
    return report
  }

  /** Keeps both sides level until the signal aborts. */
  async keep(options: {
    readonly intervalMs: number
    readonly signal: AbortSignal
    onRun(report: SyncReport): void
    onTrouble(error: TorcError): void
  }): Promise<void> {
    const { environment } = this.#options
    await keepInSync(this.#engine, this.#local, this.#remote, {
      ...{ ...options, environment },
      onRun: async report => {
        options.onRun(report)
        const isDue = environment.clock.monotonicMs() - this.#keptAt >= keepEveryMs
        if (isDue) await this.#keep({ signal: options.signal })
      },
    })
  }

  close(): void {
    this.#journal.close()
  }

  /** Tells the cluster where the session is. One that it forgot meanwhile is opened anew. */
  async #keep(limits: CallOptions): Promise<void> {
    const { cursor } = this.#engine
    if (cursor === undefined) return
    const { store, environment, directory } = this.#options
    this.#keptAt = environment.clock.monotonicMs()
    try {
      await store.keepSyncSession(this.opened, cursor, limits)
    } catch (thrown) {
      if (TorcError.from(thrown).code !== 'SESSION_NOT_FOUND') throw thrown
      this.opened = await openSession(resolve(directory), this.#options, this.opened, undefined)
    }
  }
}

/** What a preview shows of a session: that of the last sync, or none. */
function preview({ client = '', session = '' }: SyncFolderOptions, identity: Identity | undefined): Session {
  const { bucket, prefix, ...ids } = identity ?? { bucket: '', prefix: '', client, session }
  return { bucket, prefix, ...ids, newClient: identity === undefined, newSession: identity === undefined }
}

async function openSession(
  directory: string,
  options: SyncFolderOptions,
  identity: Identity | undefined,
  journal: Journal | undefined,
): Promise<Session> {
  const { store, bucket, prefix, signal } = options
  const opened = await store.openSyncSession(bucket, {
    ...{ prefix, signal, place: `${hostname()}:${directory}` },
    client: options.client ?? identity?.client,
    session: options.session ?? identity?.session,
  })
  if (opened.newClient || identity?.client !== opened.client) journal?.clear()
  else if (opened.newSession && journal !== undefined) journal.cursor = undefined
  await writeIdentity(directory, { bucket, prefix, client: opened.client, session: opened.session })
  return opened
}

async function makeFolder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch(error => {
    throw fileError(error, directory)
  })
}

async function openJournal(directory: string, { onWarning }: SyncFolderOptions): Promise<Journal> {
  const file = join(directory, syncFolderName, 'journal.db')
  try {
    return Journal.open(file)
  } catch (thrown) {
    if (!(thrown instanceof TorcError) || thrown.code !== 'CORRUPT') throw thrown
    for (const suffix of ['', '-wal', '-shm']) {
      await rename(file + suffix, `${file}${suffix}.damaged`).catch(error => {
        if (error.code !== 'ENOENT') throw fileError(error, file + suffix)
      })
    }
    onWarning?.(`the journal of ${directory} was damaged: both sides are merged, and nothing is deleted`)
    return Journal.open(file)
  }
}
