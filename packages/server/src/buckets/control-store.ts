import type { Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import {
  type AccessKeyRecord,
  accessKeyRecordPrefix,
  decodeAccessKeyRecord,
  encodeAccessKeyRecord,
} from '../access/access-key-record.js'
import { givenBody } from '../bodies/body-source.js'
import { prepareBody } from '../bodies/prepared-body.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { place } from '../core/placement.js'
import { readHeads } from '../flows/get-flow.js'
import { readInlineBody } from '../flows/key-state-read.js'
import { write } from '../flows/put-flow.js'
import {
  decodeStagedChanges,
  encodeStagedChanges,
  type StagedChanges,
  stagedChangesKey,
} from '../layout/staged-changes.js'
import { listPage } from '../list/list-flow.js'
import {
  type BucketRecord,
  chooseRecord,
  decodeBucketRecord,
  encodeBucketRecord,
  systemBucket,
} from './bucket-record.js'
import {
  type ClusterRecord,
  clusterRecordKey,
  decodeClusterRecord,
  encodeClusterRecord,
} from './cluster-record.js'

/** How long and on whose behalf a control record is read or written. */
export interface ControlCall {
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A record, and what tells it from what comes after it. */
export interface StoredRecord<R = BucketRecord> {
  readonly record: R
  readonly stamp: Stamp
}

/** Ids of the versions that a record was read from: one, but for records of before they were decided by consensus. */
export type Stamp = readonly string[]

/** Where there is no record yet. */
export const nothingStored: Stamp = []

/**
 * Records that the whole cluster shares, each decided by consensus: a write takes place only over what `replaces` says,
 * and rejects with CONFLICT where the record is another one by now.
 */
export interface ControlStore {
  /** The record of a bucket, a deleted one's too; undefined when there never was one. */
  get(name: string, call: ControlCall): Promise<StoredRecord | undefined>
  put(record: BucketRecord, replaces: Stamp, opId: Uint8Array, call: ControlCall): Promise<void>
  /** The record of the cluster; undefined when there never was one. */
  getCluster(call: ControlCall): Promise<StoredRecord<ClusterRecord> | undefined>
  putCluster(record: ClusterRecord, replaces: Stamp, call: ControlCall): Promise<void>
  /** Changes of the layout that wait; undefined when there never were any. */
  getLayoutChanges(call: ControlCall): Promise<StoredRecord<StagedChanges> | undefined>
  putLayoutChanges(changes: StagedChanges, replaces: Stamp, call: ControlCall): Promise<void>
  /** Names of the buckets that are there, in order (a race between making and removing may show either). */
  names(call: ControlCall): AsyncIterable<string>
  /** The record of an access key, a deleted one's too; undefined when there never was one. */
  getAccessKey(id: string, call: ControlCall): Promise<StoredRecord<AccessKeyRecord> | undefined>
  putAccessKey(record: AccessKeyRecord, replaces: Stamp, opId: Uint8Array, call: ControlCall): Promise<void>
  /** Ids of the access keys that are there, in order, from behind one of them on. */
  accessKeyIds(after: string | undefined, call: ControlCall): AsyncIterable<string>
}

const recordType = 'application/vnd.torc.bucket'
const clusterRecordType = 'application/vnd.torc.cluster'
const accessKeyRecordType = 'application/vnd.torc.access-key'
const layoutChangesType = 'application/vnd.torc.layout-changes'

interface WrittenRecord {
  readonly key: string
  readonly bytes: Uint8Array
  readonly contentType: string
  readonly metadata: readonly (readonly [string, string])[]
  /** Servers may remember what it says otherwise; nobody remembers that there is no bucket or no access key. */
  readonly isNews: boolean
}

/** Beside the record proper, so that a listing can tell without reading it. */
const deletedMark: readonly (readonly [string, string])[] = [['deleted', 'true']]

function isMarkedDeleted(version: Version): boolean {
  return version.metadata.some(([name, value]) => name === 'deleted' && value === 'true')
}

const latest = <R>([first]: readonly R[]): R | undefined => first

/** Tells a change that was overtaken from other conflicts. */
const raced = { raced: true } as const

/** Changes that may get in the way of one, each of which took place. */
const racingMax = 32

/** Reads and changes a record, once more wherever somebody else was faster. CONFLICT after so many times. */
export async function overLatest<T>(change: () => Promise<T>): Promise<T> {
  for (let left = racingMax; ; left--) {
    try {
      return await change()
    } catch (thrown) {
      if (TorcError.from(thrown).details !== raced || left === 0) throw thrown
    }
  }
}

/** The control store as objects of a reserved bucket (decision 4), by the coordinator's own flows. */
export class ObjectControlStore implements ControlStore {
  readonly #c: Coordination

  constructor(c: Coordination) {
    this.#c = c
  }

  get(name: string, call: ControlCall): Promise<StoredRecord | undefined> {
    return this.#read(name, decodeBucketRecord, chooseRecord, call)
  }

  put(record: BucketRecord, replaces: Stamp, opId: Uint8Array, call: ControlCall): Promise<void> {
    const metadata = record.deleted ? deletedMark : []
    const isNews = record.deleted || record.changes > 0
    const [key, bytes] = [record.name, encodeBucketRecord(record)]
    return this.#write({ key, bytes, contentType: recordType, metadata, isNews }, replaces, opId, call)
  }

  getCluster(call: ControlCall): Promise<StoredRecord<ClusterRecord> | undefined> {
    return this.#read(clusterRecordKey, decodeClusterRecord, latest, call)
  }

  putCluster(record: ClusterRecord, replaces: Stamp, call: ControlCall): Promise<void> {
    const bytes = encodeClusterRecord(record)
    const written = {
      key: clusterRecordKey,
      bytes,
      contentType: clusterRecordType,
      metadata: [],
      isNews: true,
    }
    return this.#write(written, replaces, this.#c.environment.random.bytes(16), call)
  }

  getAccessKey(id: string, call: ControlCall): Promise<StoredRecord<AccessKeyRecord> | undefined> {
    return this.#read(accessKeyRecordPrefix + id, decodeAccessKeyRecord, latest, call)
  }

  putAccessKey(record: AccessKeyRecord, replaces: Stamp, opId: Uint8Array, call: ControlCall): Promise<void> {
    const metadata = record.deleted ? deletedMark : []
    const [key, bytes] = [accessKeyRecordPrefix + record.id, encodeAccessKeyRecord(record)]
    const isNews = replaces.length > 0
    return this.#write(
      { key, bytes, contentType: accessKeyRecordType, metadata, isNews },
      replaces,
      opId,
      call,
    )
  }

  getLayoutChanges(call: ControlCall): Promise<StoredRecord<StagedChanges> | undefined> {
    return this.#read(stagedChangesKey, decodeStagedChanges, latest, call)
  }

  putLayoutChanges(changes: StagedChanges, replaces: Stamp, call: ControlCall): Promise<void> {
    const bytes = encodeStagedChanges(changes)
    const written = {
      key: stagedChangesKey,
      bytes,
      contentType: layoutChangesType,
      metadata: [],
      isNews: false,
    }
    return this.#write(written, replaces, this.#c.environment.random.bytes(16), call)
  }

  /** The records of all heads, newest first; `choose` says which one counts. */
  async #read<R>(
    key: string,
    decode: (bytes: Uint8Array) => R,
    choose: (newestFirst: readonly R[]) => R | undefined,
    call: ControlCall,
  ): Promise<StoredRecord<R> | undefined> {
    const c = this.#c
    const deadline = new Deadline(c.environment.clock, call.timeoutMs, call.signal)
    return withFreshLayout(c, async () => {
      const p = place(c, this.#bucket(), key)
      const read = await readHeads(c, p, deadline)
      const records: R[] = []
      for (const [i, head] of read.heads.entries()) {
        const inline = i === 0 ? read.inline : undefined
        const pieces = inline ?? (await readInlineBody(c, p, head, read.holdersOf(head), deadline))
        records.push(decode(Buffer.concat(pieces)))
      }
      const record = choose(records)
      return record === undefined ? undefined : { record, stamp: read.heads.map(({ id }) => id) }
    })
  }

  async #write(
    { bytes, isNews, ...rest }: WrittenRecord,
    replaces: Stamp,
    opId: Uint8Array,
    call: ControlCall,
  ): Promise<void> {
    const bucket = this.#bucket()
    const { timeoutMs, signal } = call
    const use = { bucket, key: rest.key, opId, timeoutMs, signal }
    const body = await prepareBody(this.#c, givenBody(bytes, undefined), use)
    try {
      const { version } = await write(this.#c, {
        ...rest,
        bucket,
        opId,
        kind: 'object',
        body,
        token: undefined,
        condition: { kind: 'unchanged', heads: replaces },
        policy: undefined,
        retry: false,
        timeoutMs,
        signal,
      })
      if (isNews) this.#c.recordNews.wrote(version.createdAt)
    } catch (thrown) {
      const error = TorcError.from(thrown)
      if (error.code !== 'CONDITION_FAILED') throw error
      throw new TorcError('CONFLICT', 'somebody else changed the same at the same time', {
        cause: error,
        details: raced,
      })
    }
  }

  async *names(call: ControlCall): AsyncGenerator<string> {
    // What is not a bucket's record has a name that no bucket can have.
    for await (const key of this.#keys('', undefined, call)) if (!key.startsWith('_')) yield key
  }

  async *accessKeyIds(after: string | undefined, call: ControlCall): AsyncGenerator<string> {
    const startAfter = after === undefined ? undefined : accessKeyRecordPrefix + after
    for await (const key of this.#keys(accessKeyRecordPrefix, startAfter, call))
      yield key.slice(accessKeyRecordPrefix.length)
  }

  /** Keys of the records that are not marked deleted, in order. */
  async *#keys(prefix: string, startAfter: string | undefined, call: ControlCall): AsyncGenerator<string> {
    let token: string | undefined
    do {
      const page = await listPage(this.#c, {
        bucket: this.#bucket(),
        what: 'keys',
        prefix,
        delimiter: undefined,
        limit: 1000,
        startAfter,
        token,
        timeoutMs: call.timeoutMs,
        signal: call.signal,
      })
      for (const entry of page.entries) {
        if (!('key' in entry)) continue
        if (entry.siblings.length > 0 || !isMarkedDeleted(entry.version)) yield entry.key
      }
      token = page.token
    } while (token !== undefined)
  }

  #bucket() {
    return systemBucket(this.#c.layouts.require().replicas)
  }
}
