import { TorcError } from '@torc/protocol/errors'
import { base32 } from '@torc/protocol/identifiers/base32'
import { limits } from '@torc/protocol/limits'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Buckets } from '../buckets/buckets.js'
import { type SessionName, sessionNotFound } from '../sync-sessions/session-names.js'
import { type KnownSession, SessionRecords } from '../sync-sessions/session-records.js'
import type { Coordination } from './coordination.js'
import type { OperationLimits } from './operations.js'

export interface OpenSessionOperation extends OperationLimits {
  readonly bucket: string
  readonly prefix: string
  readonly place: string
  readonly client: string | undefined
  readonly session: string | undefined
  readonly opId: Uint8Array
  readonly retry: boolean
}

export interface SessionOperation extends OperationLimits, SessionName {
  readonly bucket: string
  readonly prefix: string
}

export interface OpenedSession extends KnownSession {
  readonly newClient: boolean
  readonly newSession: boolean
}

/** Sync sessions by bucket name, for both faces of the coordinator. Arguments have been validated. */
export class SyncSessionOperations {
  readonly #c: Coordination
  readonly #buckets: Pick<Buckets, 'find'>
  readonly #records: SessionRecords

  constructor(c: Coordination, buckets: Pick<Buckets, 'find'>) {
    this.#c = c
    this.#buckets = buckets
    this.#records = new SessionRecords(c)
  }

  /** A client is known as long as one of its sessions is. */
  async open(operation: OpenSessionOperation): Promise<OpenedSession> {
    const { prefix, place } = operation
    if (prefix !== '' && !prefix.endsWith('/')) {
      throw new TorcError('BAD_REQUEST', `the prefix ${JSON.stringify(prefix)} does not end with "/"`)
    }
    const bucket = await this.#buckets.find(operation.bucket, operation)
    const known = await this.#known(bucket, operation)
    if (known === undefined) return this.#make(bucket, operation)
    const again = { ...known, place }
    const seenAt = await this.#records.write(bucket, again, operation, operation)
    return { ...again, seenAt, newClient: false, newSession: false }
  }

  /** SESSION_NOT_FOUND where it is not known. */
  async keep(operation: SessionOperation & { readonly cursor: string }): Promise<void> {
    const bucket = await this.#buckets.find(operation.bucket, operation)
    const known = await this.#known(bucket, operation)
    if (known === undefined) throw sessionNotFound(bucket, operation)
    const { cursor } = operation
    // A cursor that is told twice is told once: no need to know its write again.
    const write = { opId: this.#c.environment.random.bytes(16), retry: false }
    await this.#records.write(bucket, { ...known, cursor }, write, operation)
  }

  /** Those after `after`, by client. */
  async *all(
    operation: OperationLimits & { readonly bucket: string; readonly after: SessionName | undefined },
  ): AsyncGenerator<KnownSession> {
    const bucket = await this.#buckets.find(operation.bucket, operation)
    yield* this.#records.all(bucket, operation.after, operation)
  }

  async end(operation: SessionOperation): Promise<void> {
    const bucket = await this.#buckets.find(operation.bucket, operation)
    if ((await this.#known(bucket, operation)) === undefined) return
    await this.#records.remove(bucket, operation, operation)
  }

  async #known(
    bucket: BucketView,
    operation: Pick<OpenSessionOperation, 'prefix' | 'client' | 'session' | keyof OperationLimits>,
  ): Promise<KnownSession | undefined> {
    const { prefix, client, session } = operation
    if (client === undefined || session === undefined) return undefined
    const known = await this.#records.read(bucket, { client, session }, operation)
    return known?.prefix === prefix ? known : undefined
  }

  /** A session of the client, if that is known, or of a new one. An attempt that is repeated finds what it made. */
  async #make(bucket: BucketView, operation: OpenSessionOperation): Promise<OpenedSession> {
    const { opId, prefix, place } = operation
    const { names } = await this.#records.names(
      bucket,
      { after: undefined, limit: limits.syncSessionsMax },
      operation,
    )
    const old = (await this.#knowsClient(bucket, names, operation)) ? operation.client : undefined
    const name = { client: old ?? this.#idOf('client', opId), session: this.#idOf('session', opId) }
    const is = { newClient: old === undefined, newSession: true }
    const made = operation.retry ? await this.#records.read(bucket, name, operation) : undefined
    if (made !== undefined) return { ...made, ...is }
    if (names.length >= limits.syncSessionsMax) throw tooManySessions(bucket)
    const createdAt = this.#c.hybridClock.now()
    const record = { ...name, prefix, place, createdAt, cursor: undefined }
    const seenAt = await this.#records.write(bucket, record, operation, operation)
    return { ...record, seenAt, ...is }
  }

  async #knowsClient(
    bucket: BucketView,
    names: readonly SessionName[],
    operation: OpenSessionOperation,
  ): Promise<boolean> {
    for (const name of names) {
      if (name.client !== operation.client) continue
      const known = await this.#records.read(bucket, name, operation)
      // All sessions of a client have one prefix.
      if (known !== undefined) return known.prefix === operation.prefix
    }
    return false
  }

  #idOf(what: 'client' | 'session', opId: Uint8Array): string {
    const { hasher } = this.#c.environment
    return base32(hasher.sha256(Buffer.from(`torc sync ${what}\0`), opId).subarray(0, 16))
  }
}

function tooManySessions({ name }: BucketView): TorcError {
  return new TorcError(
    'CONFLICT',
    `${limits.syncSessionsMax} folders are synced with bucket ${name} already`,
    {
      hint: 'End the sessions of folders that are gone; one that is idle ends by itself after 30 days.',
    },
  )
}
