import { bucketIdOf } from '@torc/cluster/ring/bucket-id'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import { allBuckets, grants as allGrants, type Grant } from '@torc/protocol/messages/access'
import { bucketNotFound } from '../buckets/buckets.js'
import {
  type ControlCall,
  type ControlStore,
  nothingStored,
  overLatest,
  type Stamp,
  type StoredRecord,
} from '../buckets/control-store.js'
import { recordAgeMs } from '../buckets/record-cache.js'
import type { Coordination } from '../core/coordination.js'
import { untilOthersRead } from '../core/others-read.js'
import type { AccessKeyRecord, StoredGrant } from './access-key-record.js'
import type { AccessKeys } from './access-keys.js'
import type { SecretSeals } from './secret-seals.js'

/** A key as people are shown it. */
export interface AccessKeyDescription {
  readonly id: string
  readonly name: string
  readonly root: boolean
  readonly admin: boolean
  /** Hybrid time; undefined of the root key. */
  readonly createdAt: number | undefined
  readonly grants: readonly Pick<StoredGrant, 'bucket' | 'grants'>[]
}

export interface CreatedKey extends AccessKeyDescription {
  readonly secretKey: string
}

export interface KeyPage {
  readonly keys: readonly AccessKeyDescription[]
  /** Others follow the last one. */
  readonly more: boolean
}

/** Ids of buckets by name; undefined = it is not there. */
type BucketIds = Map<string, Uint8Array | undefined>

/** Records read at once. */
const parallel = 16

/** Makes, shows, changes and deletes access keys. Who may ask for it is decided before (`AccessControl`). */
export class AccessKeyFlow {
  readonly #c: Coordination
  readonly #store: ControlStore
  readonly #accessKeys: AccessKeys
  readonly #seals: SecretSeals
  readonly #root: string

  /** `root`: id of the root key. */
  constructor(
    c: Coordination,
    store: ControlStore,
    accessKeys: AccessKeys,
    seals: SecretSeals,
    root: string,
  ) {
    this.#c = c
    this.#store = store
    this.#accessKeys = accessKeys
    this.#seals = seals
    this.#root = root
  }

  /** The same operation answers the same key; CONFLICT where that was deleted since. */
  async create(opId: Uint8Array, name: string, admin: boolean, call: ControlCall): Promise<CreatedKey> {
    const made = this.#seals.make(opId)
    const { accessKey: id, secretKey } = made
    const stored = await this.#store.getAccessKey(id, call)
    if (stored?.record.deleted === true) {
      throw new TorcError('CONFLICT', `the access key ${id} was made by this operation and deleted since`)
    }
    const record = stored?.record ?? {
      ...{ id, name, admin, deleted: false, changes: 0, grants: [] },
      createdAt: this.#c.hybridClock.now(),
      sealedSecret: this.#seals.seal(made),
    }
    if (stored === undefined) await this.#put(record, nothingStored, call)
    return { ...(await this.#describe(record, call)), secretKey }
  }

  async show(id: string, call: ControlCall): Promise<AccessKeyDescription> {
    if (id === this.#root) return rootKey(id)
    return this.#describe((await this.#existing(id, call)).record, call)
  }

  /** By id, the root key before all others; those behind `after`, or from the first one on. */
  async list(after: string | undefined, call: ControlCall): Promise<KeyPage> {
    const keys: AccessKeyDescription[] = after === undefined ? [rootKey(this.#root)] : []
    const behind = after === this.#root ? undefined : after
    const ids: BucketIds = new Map()
    for await (const id of this.#store.accessKeyIds(behind, call)) {
      if (keys.length === limits.accessKeysListedMax) return { keys, more: true }
      const stored = await this.#store.getAccessKey(id, call)
      if (stored?.record.deleted === false) keys.push(await this.#describe(stored.record, call, ids))
    }
    return { keys, more: false }
  }

  /** All that the key may do with the bucket then. BUCKET_NOT_FOUND where there is none. */
  async grant(
    id: string,
    bucket: string,
    grants: readonly Grant[],
    call: ControlCall,
  ): Promise<readonly Grant[]> {
    const bucketId = bucket === allBuckets ? new Uint8Array() : await this.#bucketId(bucket, call)
    if (bucketId === undefined) throw bucketNotFound(bucket)
    return this.#change(id, bucket, call, (had, others) => {
      if (had.length === 0 && others.length >= limits.grantsMax) {
        throw new TorcError('BAD_REQUEST', `the access key ${id} has grants on ${others.length} buckets`, {
          hint: `That is the most. Make another key, or grant '*' (all buckets).`,
        })
      }
      return { bucket, bucketId, grants: allGrants.filter(one => had.includes(one) || grants.includes(one)) }
    })
  }

  /** What is left. What was not granted is no error. */
  async revoke(
    id: string,
    bucket: string,
    grants: readonly Grant[],
    call: ControlCall,
  ): Promise<readonly Grant[]> {
    return this.#change(id, bucket, call, (had, _, bucketId) => {
      return { bucket, bucketId, grants: had.filter(one => !grants.includes(one)) }
    })
  }

  /** `retry`: one that is gone is no error. The record stays, so that no change that is under way brings the key back. */
  async delete(id: string, retry: boolean, call: ControlCall): Promise<void> {
    this.#refuseRoot(id)
    try {
      await overLatest(async () => {
        const { record, stamp } = await this.#existing(id, call)
        const deleted = { ...record, deleted: true, sealedSecret: new Uint8Array(), grants: [] }
        await this.#put(deleted, stamp, call)
      })
    } catch (thrown) {
      if (!retry || TorcError.from(thrown).code !== 'KEY_NOT_FOUND') throw thrown
    }
    await untilOthersRead(this.#c, recordAgeMs)
  }

  /** Changes what a key may do with one bucket, in force on all servers once it resolves. */
  async #change(
    id: string,
    bucket: string,
    call: ControlCall,
    decide: (had: readonly Grant[], others: readonly StoredGrant[], bucketId: Uint8Array) => StoredGrant,
  ): Promise<readonly Grant[]> {
    this.#refuseRoot(id)
    const granted = await overLatest(async () => {
      const { record, stamp } = await this.#existing(id, call)
      // Those on buckets that are gone go with this change.
      const live = await this.#live(record.grants, call)
      const before = live.find(grant => grant.bucket === bucket)
      const others = live.filter(grant => grant !== before)
      const after = decide(before?.grants ?? [], others, before?.bucketId ?? new Uint8Array())
      const grants = after.grants.length === 0 ? others : [...others, after]
      grants.sort((a, b) => (a.bucket < b.bucket ? -1 : 1))
      if (after.grants.length !== (before?.grants.length ?? 0))
        await this.#put({ ...record, changes: record.changes + 1, grants }, stamp, call)
      return after.grants
    })
    // Waited for even where an earlier attempt made the change.
    await untilOthersRead(this.#c, recordAgeMs)
    return granted
  }

  async #put(record: AccessKeyRecord, replaces: Stamp, call: ControlCall): Promise<void> {
    await this.#store.putAccessKey(record, replaces, this.#c.environment.random.bytes(16), call)
    this.#accessKeys.forget(record.id)
  }

  async #existing(id: string, call: ControlCall): Promise<StoredRecord<AccessKeyRecord>> {
    const stored = await this.#store.getAccessKey(id, call)
    if (stored === undefined || stored.record.deleted) {
      throw new TorcError('KEY_NOT_FOUND', `there is no access key ${id}`, {
        hint: 'List the access keys with `torc key list`.',
      })
    }
    return stored
  }

  #refuseRoot(id: string): void {
    if (id !== this.#root) return
    throw new TorcError('DENIED', 'the root key can neither be limited nor deleted', {
      hint: 'It follows from the cluster’s secret. Give others keys of their own: `torc key create`.',
    })
  }

  async #describe(
    record: AccessKeyRecord,
    call: ControlCall,
    ids: BucketIds = new Map(),
  ): Promise<AccessKeyDescription> {
    const { id, name, admin, createdAt } = record
    const live = await this.#live(record.grants, call, ids)
    const grants = live.map(({ bucket, grants }) => ({ bucket, grants }))
    return { id, name, root: false, admin, createdAt, grants }
  }

  /** Without those on buckets that are gone, whether or not there are others of their names. Notes in `ids` what it reads. */
  async #live(
    grants: readonly StoredGrant[],
    call: ControlCall,
    ids: BucketIds = new Map(),
  ): Promise<StoredGrant[]> {
    const unread = grants.filter(({ bucket }) => bucket !== allBuckets && !ids.has(bucket))
    for (let at = 0; at < unread.length; at += parallel) {
      const read = unread
        .slice(at, at + parallel)
        .map(async ({ bucket }) => void ids.set(bucket, await this.#bucketId(bucket, call)))
      await Promise.all(read)
    }
    return grants.filter(({ bucket, bucketId }) => {
      const id = bucket === allBuckets ? bucketId : ids.get(bucket)
      return id !== undefined && Buffer.compare(id, bucketId) === 0
    })
  }

  /** Read anew, not believed: undefined where the bucket is not there. */
  async #bucketId(name: string, call: ControlCall): Promise<Uint8Array | undefined> {
    const record = (await this.#store.get(name, call))?.record
    if (record === undefined || record.deleted) return undefined
    const { clusterId, environment } = this.#c
    return bucketIdOf(environment.hasher, clusterId, name, record.generation)
  }
}

function rootKey(id: string): AccessKeyDescription {
  const grants = [{ bucket: allBuckets, grants: allGrants }]
  return { id, name: 'root', root: true, admin: true, createdAt: undefined, grants }
}
