import { readToken, type Token } from '@torc/cluster/clocks/token'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import { givenBody } from '../bodies/body-source.js'
import { prepareBody } from '../bodies/prepared-body.js'
import { storedBody } from '../bodies/stored-body.js'
import type { BucketView } from '../buckets/bucket-record.js'
import { sessionsBucket } from '../buckets/hidden-buckets.js'
import type { Coordination } from '../core/coordination.js'
import type { OperationLimits } from '../core/operations.js'
import { purge } from '../flows/delete-flow.js'
import { read } from '../flows/get-flow.js'
import { write } from '../flows/put-flow.js'
import { listPage } from '../list/list-flow.js'
import { readSessionKey, type SessionName, sessionKey } from './session-names.js'
import { decodeSessionRecord, encodeSessionRecord, type SessionRecord } from './session-record.js'

/** A session that was seen lately enough to be known. */
export interface KnownSession extends SessionName, SessionRecord {
  /** Hybrid time. */
  readonly seenAt: number
}

/** Names of sessions from somewhere on, by client. */
export interface SessionNames {
  readonly names: readonly SessionName[]
  /** More sessions follow. */
  readonly more: boolean
}

/** How the write of a record is known again, should it be sent twice. */
export interface RecordWrite {
  readonly opId: Uint8Array
  readonly retry: boolean
}

/** Names of one page, where all sessions are wanted. */
const namesAtOnce = 128
/** Records that are read at once. */
const parallel = 16
const contentType = 'application/x-torc-sync-session'

/**
 * The records of sync sessions: one version a session in a hidden bucket of the bucket, written anew with each cursor.
 * Those that were not seen for too long are removed by whoever comes across them.
 */
export class SessionRecords {
  readonly #c: Coordination

  constructor(c: Coordination) {
    this.#c = c
  }

  /** Undefined where there is none, or it expired. */
  async read(
    bucket: BucketView,
    name: SessionName,
    call: OperationLimits,
  ): Promise<KnownSession | undefined> {
    const hidden = this.#hidden(bucket)
    const key = sessionKey(name)
    if (key === undefined) return undefined
    try {
      const found = await read(this.#c, { bucket: hidden, key, versionId: undefined, ...limitsOf(call) })
      const { version, context, newest, seq } = found
      if (this.#isExpired(version.createdAt)) {
        await this.#forget(hidden, key, { context, newest, seq }, call)
        return undefined
      }
      const body = storedBody(this.#c, found, undefined, limitsOf(call))
      const pieces = body.pieces ?? (await collected(body.stream))
      const { client, session } = name
      return { client, session, seenAt: version.createdAt, ...decodeSessionRecord(Buffer.concat(pieces)) }
    } catch (thrown) {
      if (TorcError.from(thrown).code === 'KEY_NOT_FOUND') return undefined
      throw thrown
    }
  }

  /** Of writers that race the last one counts; the next write covers what both left. Resolves with the time of the write. */
  async write(
    bucket: BucketView,
    name: SessionName & SessionRecord,
    { opId, retry }: RecordWrite,
    call: OperationLimits,
  ): Promise<number> {
    const hidden = this.#hidden(bucket)
    const key = sessionKey(name)
    if (key === undefined) throw new TorcError('INTERNAL', `a session without a name: ${name.session}`)
    const bytes = encodeSessionRecord(name)
    const target = { bucket: hidden, key, opId, ...limitsOf(call) }
    const { version } = await write(this.#c, {
      ...target,
      kind: 'object',
      body: await prepareBody(this.#c, givenBody(bytes, undefined), target),
      contentType,
      metadata: [],
      token: undefined,
      policy: undefined,
      retry,
    })
    return version.createdAt
  }

  /** The names of sessions that are known, from somewhere on, by client. */
  async names(
    bucket: BucketView,
    { after, limit }: { readonly after: SessionName | undefined; readonly limit: number },
    call: OperationLimits,
  ): Promise<SessionNames> {
    const hidden = this.#hidden(bucket)
    const names: SessionName[] = []
    let startAfter = after === undefined ? undefined : sessionKey(after)
    for (;;) {
      const page = await listPage(this.#c, {
        ...{ bucket: hidden, what: 'keys', prefix: '', delimiter: undefined, limit, startAfter },
        // With the contexts of the entries just what was listed is removed.
        ...{ token: undefined, details: true, ...limitsOf(call) },
      })
      for (const entry of page.entries) {
        if (!('key' in entry)) continue
        const { key, version, context = '' } = entry
        startAfter = key
        if (this.#isExpired(version.createdAt))
          await this.#forget(hidden, key, readToken(context, hidden.id, key), call)
        else if (names.length === limit) return { names, more: true }
        else names.push(readSessionKey(key))
      }
      if (page.token === undefined) return { names, more: false }
    }
  }

  /** All that are known, by client. */
  async *all(
    bucket: BucketView,
    after: SessionName | undefined,
    call: OperationLimits,
  ): AsyncGenerator<KnownSession> {
    for (let last = after; ; ) {
      const { names, more } = await this.names(bucket, { after: last, limit: namesAtOnce }, call)
      for (let at = 0; at < names.length; at += parallel) {
        const some = names.slice(at, at + parallel)
        const found = await Promise.all(some.map(name => this.read(bucket, name, call)))
        for (const session of found) if (session !== undefined) yield session
      }
      if (!more) return
      last = names.at(-1)
    }
  }

  /** What is not there is no error. */
  async remove(bucket: BucketView, name: SessionName, call: OperationLimits): Promise<void> {
    const key = sessionKey(name)
    if (key !== undefined) await this.#purge(this.#hidden(bucket), key, undefined, call)
  }

  #hidden(bucket: BucketView): BucketView {
    return sessionsBucket(this.#c.environment.hasher, bucket)
  }

  #isExpired(seenAt: number): boolean {
    return this.#c.environment.clock.nowMs() - seenAt / 1000 > limits.syncSessionIdleMs
  }

  /** One that expired. Nobody waits for it to be gone, so that a cluster that cannot write still answers. */
  async #forget(hidden: BucketView, key: string, token: Token, call: OperationLimits): Promise<void> {
    try {
      await this.#purge(hidden, key, token, call)
    } catch (thrown) {
      const { code } = TorcError.from(thrown)
      this.#c.log.debug({ key, code }, 'a sync session that expired stays for now')
    }
  }

  async #purge(
    bucket: BucketView,
    key: string,
    token: Token | undefined,
    call: OperationLimits,
  ): Promise<void> {
    await purge(this.#c, { bucket, key, versionId: undefined, token, retry: false, ...limitsOf(call) })
  }
}

function limitsOf({ timeoutMs, signal }: OperationLimits): OperationLimits {
  return { timeoutMs, signal }
}

async function collected(stream: AsyncIterable<Uint8Array> | undefined): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream ?? []) pieces.push(piece)
  return pieces
}
