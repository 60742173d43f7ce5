import { majority } from '@torc/cluster/consensus/majority'
import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import type { BucketChanges, BucketOptions } from '@torc/protocol/store/object-store'
import type { Coordination } from '../core/coordination.js'
import { untilOthersRead } from '../core/others-read.js'
import { effectiveQuorum } from '../quorum/write-quorum.js'
import { BucketContents } from './bucket-contents.js'
import type { BucketRecord } from './bucket-record.js'
import {
  changedVersioning,
  checkedCompression,
  checkedCutting,
  checkedFlag,
  checkedPolicy,
  checkedTags,
  checkedVersioning,
} from './bucket-settings.js'
import { type Buckets, bucketNotFound } from './buckets.js'
import { emptyClusterRecord } from './cluster-record.js'
import {
  type ControlCall,
  type ControlStore,
  nothingStored,
  overLatest,
  type Stamp,
  type StoredRecord,
} from './control-store.js'
import { type PolicyInForce, policyInForce } from './policy-in-force.js'
import { recordAgeMs } from './record-cache.js'

/** Records read at once. */
const parallel = 16

export const replicasDefault = 3

/** A bucket as people are shown it. */
export interface BucketDescription extends BucketRecord {
  readonly inForce: PolicyInForce
}

/** Makes, shows, changes and removes buckets. */
export class BucketFlow {
  readonly #c: Coordination
  readonly #store: ControlStore
  readonly #buckets: Buckets
  readonly #contents: BucketContents

  constructor(c: Coordination, store: ControlStore, buckets: Buckets) {
    this.#c = c
    this.#store = store
    this.#buckets = buckets
    this.#contents = new BucketContents(c)
  }

  /** BUCKET_EXISTS when it is there: of any number of creators at the same time one makes it. */
  async create(name: string, options: BucketOptions): Promise<BucketDescription> {
    const policy = checkedPolicy(options.policy ?? 'inherit')
    const layout = this.#c.layouts.require()
    const call = callOf(options)
    const record = await overLatest(async () => {
      const existing = await this.#store.get(name, call)
      if (existing !== undefined && !existing.record.deleted) {
        throw new TorcError('BUCKET_EXISTS', `there is a bucket ${name} already`)
      }
      // Whoever removed the last bucket of this name may have died before all others had heard of it.
      if (existing !== undefined) await untilOthersRead(this.#c, recordAgeMs)
      const made: BucketRecord = {
        name,
        generation: (existing?.record.generation ?? 0) + 1,
        deleted: false,
        createdAt: this.#c.hybridClock.now(),
        policy,
        changes: 0,
        strict: options.strict ?? false,
        cutting: checkedCutting(options.cutting ?? 'fixed'),
        compression: checkedCompression(options.compression ?? 'none'),
        versioning: checkedVersioning(options.versioning ?? 'enabled'),
        publicRead: checkedFlag('publicRead', options.publicRead ?? false),
        tags: checkedTags(options.tags ?? {}),
        ...checkedQuorums(options, layout.replicas),
      }
      const opId = options.opId ?? this.#random().bytes(16)
      await this.#store.put(made, existing?.stamp ?? nothingStored, opId, call)
      return made
    })
    this.#buckets.forget(name)
    return this.#describe(record, call)
  }

  async show(name: string, call: ControlCall): Promise<BucketDescription> {
    return this.#describe((await this.#existing(name, call)).record, call)
  }

  /** Changes what is given, over whatever others changed meanwhile. In force on all servers once it resolves. */
  async change(name: string, changes: BucketChanges): Promise<BucketDescription> {
    const policy = changes.policy === undefined ? undefined : checkedPolicy(changes.policy)
    const call = callOf(changes)
    const changed = await overLatest(async () => {
      const { record, stamp } = await this.#existing(name, call)
      const { replicas } = record
      const after: BucketRecord = {
        ...record,
        readQuorum: checkedQuorum('read', changes.readQuorum ?? record.readQuorum, replicas),
        writeQuorum: checkedQuorum('write', changes.writeQuorum ?? record.writeQuorum, replicas),
        strict: changes.strict ?? record.strict,
        policy: policy ?? record.policy,
        cutting: checkedCutting(changes.cutting ?? record.cutting),
        compression: checkedCompression(changes.compression ?? record.compression),
        versioning: changedVersioning(record, changes.versioning),
        publicRead: checkedFlag('publicRead', changes.publicRead ?? record.publicRead),
        tags: changes.tags === undefined ? record.tags : checkedTags(changes.tags),
        changes: record.changes + 1,
      }
      await this.#put(after, stamp, call)
      return after
    })
    await untilOthersRead(this.#c, recordAgeMs)
    return this.#describe(changed, call)
  }

  /** The cluster's own retention policy: `inherit` where none is set. */
  async clusterPolicy(call: ControlCall): Promise<string> {
    return ((await this.#store.getCluster(call))?.record ?? emptyClusterRecord).policy
  }

  async setClusterPolicy(text: string, call: ControlCall): Promise<void> {
    const policy = checkedPolicy(text)
    await overLatest(async () => {
      const stored = await this.#store.getCluster(call)
      await this.#store.putCluster({ policy }, stored?.stamp ?? nothingStored, call)
    })
    this.#buckets.forgetAll()
    // What others believe of a bucket may hold what they believed of the cluster when they read it.
    await untilOthersRead(this.#c, 2 * recordAgeMs)
  }

  /** How many buckets there are. */
  async count(call: ControlCall): Promise<number> {
    let count = 0
    for await (const _ of this.#store.names(call)) count++
    return count
  }

  /** All buckets, by name. */
  async all(call: ControlCall): Promise<BucketDescription[]> {
    const names: string[] = []
    for await (const name of this.#store.names(call)) names.push(name)
    const records: BucketRecord[] = []
    for (let at = 0; at < names.length; at += parallel) {
      const stored = await Promise.all(
        names.slice(at, at + parallel).map(name => this.#store.get(name, call)),
      )
      for (const found of stored) if (found !== undefined && !found.record.deleted) records.push(found.record)
    }
    const clusterPolicy = records.length > 0 ? await this.clusterPolicy(call) : ''
    return records.map(record => ({ ...record, inForce: policyInForce(record.policy, clusterPolicy) }))
  }

  /**
   * Removes a bucket: BUCKET_NOT_EMPTY when it has versions or uploads under way, which `force` purges first. Of any
   * number that remove it at the same time one does, and the others find it gone. Another server may believe its copy of
   * the record for a moment after it was marked, so what was written by then is looked for once more; if there is any,
   * the bucket stays.
   */
  async remove(name: string, force: boolean, call: ControlCall): Promise<void> {
    const { record, view } = await overLatest(() => this.#mark(name, force, call))
    await untilOthersRead(this.#c, recordAgeMs)
    if (force) return this.#contents.purge(view, call)
    try {
      await this.#contents.checkEmpty(view, call)
    } catch (thrown) {
      const error = TorcError.from(thrown)
      if (error.code === 'BUCKET_NOT_EMPTY') await this.#unmark(record, call)
      throw error
    }
    await this.#contents.purgeRest(view, call)
  }

  /** Marks a bucket as deleted, once nothing is in it. */
  async #mark(name: string, force: boolean, call: ControlCall) {
    const { record, stamp } = await this.#existing(name, call)
    const view = this.#buckets.viewOf(record, 'inherit')
    if (force) await this.#contents.purge(view, call)
    else await this.#contents.checkEmpty(view, call)
    await this.#put({ ...record, deleted: true }, stamp, call)
    return { record, view }
  }

  /** Takes the mark back, unless somebody has made the bucket anew. */
  async #unmark(record: BucketRecord, call: ControlCall): Promise<void> {
    const marked = await this.#store.get(record.name, call)
    if (marked?.record.deleted !== true || marked.record.generation !== record.generation) return
    await this.#put(record, marked.stamp, call)
  }

  /** BUCKET_NOT_FOUND when it is not there. */
  async #existing(name: string, call: ControlCall): Promise<StoredRecord> {
    const stored = await this.#store.get(name, call)
    if (stored === undefined || stored.record.deleted) throw bucketNotFound(name)
    return stored
  }

  async #describe(record: BucketRecord, call: ControlCall): Promise<BucketDescription> {
    const clusterPolicy = record.policy === 'inherit' ? await this.clusterPolicy(call) : 'inherit'
    return { ...record, inForce: policyInForce(record.policy, clusterPolicy) }
  }

  async #put(record: BucketRecord, replaces: Stamp, call: ControlCall): Promise<void> {
    await this.#store.put(record, replaces, this.#random().bytes(16), call)
    this.#buckets.forget(record.name)
  }

  #random(): Random {
    return this.#c.environment.random
  }
}

function callOf(options: BucketOptions): ControlCall {
  return { timeoutMs: options.timeoutMs, signal: options.signal }
}

/** The quorums asked for, or majorities. BAD_REQUEST where they contradict each other or the layout. */
export function checkedQuorums(
  asked: Pick<BucketOptions, 'replicas' | 'readQuorum' | 'writeQuorum'>,
  layoutReplicas: number,
): { replicas: number; readQuorum: number; writeQuorum: number } {
  const replicas = asked.replicas ?? Math.min(replicasDefault, layoutReplicas)
  const readQuorum = asked.readQuorum ?? majority(replicas)
  const writeQuorum = asked.writeQuorum ?? majority(replicas)
  if (replicas > layoutReplicas) {
    throw new TorcError(
      'BAD_REQUEST',
      `${replicas} replicas are asked for, the cluster's layout has ${layoutReplicas}`,
      {
        hint: `Ask for at most ${layoutReplicas}.`,
      },
    )
  }
  checkedQuorum('read', readQuorum, replicas)
  checkedQuorum('write', writeQuorum, replicas)
  return { replicas, readQuorum, writeQuorum }
}

function checkedQuorum(what: 'read' | 'write', quorum: number, replicas: number): number {
  if (quorum >= 1 && effectiveQuorum(quorum, replicas) === quorum) return quorum
  throw new TorcError('BAD_REQUEST', `a ${what} quorum of ${quorum} with ${replicas} replicas`, {
    hint: `A quorum is 1 to ${replicas}.`,
  })
}
