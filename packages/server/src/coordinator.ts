import { TorcError } from '@torc/protocol/errors'
import { makeTimeOrderedOperationId } from '@torc/protocol/identifiers/operation-id'
import { limits } from '@torc/protocol/limits'
import { bucketName, keyText } from '@torc/protocol/messages/fields'
import type { AccessKeyAdmin } from '@torc/protocol/store/access-keys'
import type {
  Admin,
  ClusterStatus,
  InitLayoutOptions,
  LayoutChange,
  LayoutInfo,
} from '@torc/protocol/store/admin'
import { type BlockPlaces, type BlocksOptions, blockPlacesOf } from '@torc/protocol/store/blocks'
import { listEntries } from '@torc/protocol/store/entries'
import { refuseSeal } from '@torc/protocol/store/late-facts'
import type * as m from '@torc/protocol/store/multipart'
import type * as s from '@torc/protocol/store/object-store'
import { type RepairStatus, repairStatusOf } from '@torc/protocol/store/repair'
import { restoreObjects } from '@torc/protocol/store/restore'
import { type ScrubStatus, scrubStatusOf } from '@torc/protocol/store/scrub'
import { givenBody } from './bodies/body-source.js'
import { storedBody } from './bodies/stored-body.js'
import type { Administration } from './core/administration.js'
import type { AttributeOperations } from './core/attribute-operations.js'
import type { Coordination } from './core/coordination.js'
import type { Operations } from './core/operations.js'
import type { SyncSessionOperations } from './core/sync-session-operations.js'
import type { UploadOperations } from './core/upload-operations.js'
import type { Watches } from './feed/watches.js'
import { hybridTimeOf } from './flows/past-time.js'
import { blocksAnswer, tokenAfterWrite, tokenOfDelete } from './handlers/answers.js'
import { InProcessFeed } from './in-process/in-process-feed.js'
import { InProcessObject } from './in-process/in-process-object.js'
import { InProcessSyncSessions } from './in-process/in-process-sync-sessions.js'
import { InProcessUploads } from './in-process/in-process-uploads.js'
import { policyOperation, readOperation, writeOperation } from './in-process/operations.js'
import {
  bucketInfo,
  copyResult,
  fetchItem,
  historyEntry,
  listEntry,
  listedBucket,
  policyInfo,
  putResult,
  tagInfo,
  versionInfo,
} from './in-process/results.js'
import type { SharedFiles } from './shared-path/shared-files.js'
import { withSharedBody, writeShared } from './shared-path/shared-transfer.js'

export interface CoordinatorParts {
  readonly c: Coordination
  readonly operations: Operations
  readonly attributes: AttributeOperations
  readonly administration: Administration
  readonly uploads: UploadOperations
  readonly sessions: SyncSessionOperations
  readonly watches: Watches
  readonly keys: AccessKeyAdmin
  readonly files: SharedFiles
}

/** The store in the coordinator's own process: the same interface as a client's, without a socket. */
export class Coordinator implements s.ObjectStore, Admin {
  readonly keys: AccessKeyAdmin
  readonly #c: Coordination
  readonly #operations: Operations
  readonly #attributes: AttributeOperations
  readonly #administration: Administration
  readonly #uploads: InProcessUploads
  readonly #feed: InProcessFeed
  readonly #sessions: InProcessSyncSessions
  readonly #files: SharedFiles

  constructor(parts: CoordinatorParts) {
    const { c, operations, attributes, administration, uploads, sessions, watches, keys, files } = parts
    this.#c = c
    this.#operations = operations
    this.#attributes = attributes
    this.#administration = administration
    this.#uploads = new InProcessUploads(c, uploads)
    this.#feed = new InProcessFeed(watches, c.environment)
    this.#sessions = new InProcessSyncSessions(c, sessions)
    this.keys = keys
    this.#files = files
  }

  async put(
    bucket: string,
    key: string,
    body: s.BodyInput,
    options: s.PutOptions = {},
  ): Promise<s.PutResult> {
    const source = givenBody(body, options.size, options.onProgress, options.seal)
    const outcome = await this.#operations.put({ ...this.#write(bucket, key, options), source })
    return putResult(outcome, outcome.version.size)
  }

  async putShared(
    bucket: string,
    key: string,
    path: string,
    options: s.PutOptions = {},
  ): Promise<s.PutResult> {
    refuseSeal(options)
    const operation = this.#write(bucket, key, options)
    const announced = { size: options.size, sha256: undefined }
    const outcome = await withSharedBody(this.#files, path, announced, source =>
      this.#operations.put({ ...operation, source }),
    )
    return putResult(outcome, 0)
  }

  async post(bucket: string, body: s.BodyInput, options: s.PutOptions = {}): Promise<s.PutResult> {
    const { clock, random } = this.#c.environment
    const opId = options.opId ?? makeTimeOrderedOperationId(clock, random)
    const source = givenBody(body, options.size, options.onProgress, options.seal)
    const outcome = await this.#operations.put({
      ...this.#write(bucket, undefined, { ...options, opId }),
      source,
    })
    return putResult(outcome, outcome.version.size)
  }

  async get(bucket: string, key: string, options: s.GetOptions = {}): Promise<s.StoredObject> {
    const read = await this.#operations.get(readOperation(bucket, key, options))
    const { timeoutMs, signal } = options
    const body = storedBody(this.#c, read, options.range, { timeoutMs, signal })
    return new InProcessObject(versionInfo(read), body, this.#c.environment.hasher, options.onProgress)
  }

  async getShared(
    bucket: string,
    key: string,
    path: string,
    options: s.GetOptions = {},
  ): Promise<s.VersionInfo> {
    const read = await this.#operations.get(readOperation(bucket, key, options))
    const { timeoutMs, signal } = options
    const body = storedBody(this.#c, read, options.range, { timeoutMs, signal })
    await writeShared(this.#c, this.#files, path, body, read.version)
    return versionInfo(read)
  }

  async head(bucket: string, key: string, options: s.GetOptions = {}): Promise<s.VersionInfo> {
    return versionInfo(await this.#operations.get(readOperation(bucket, key, options)))
  }

  async delete(bucket: string, key: string, options: s.DeleteOptions = {}): Promise<s.DeleteResult> {
    const { versionId, marker = false } = options
    const operation = { ...this.#write(bucket, key, options), key, versionId, marker }
    if (marker && versionId === undefined) {
      const outcome = await this.#operations.mark(operation)
      return { bucket, key, removed: [], marker: outcome.version.id, context: tokenAfterWrite(outcome) }
    }
    const outcome = await this.#operations.purge(operation)
    return { bucket, key, removed: outcome.removed, marker: undefined, context: tokenOfDelete(outcome) }
  }

  async copy(
    source: s.CopySource,
    bucket: string,
    key: string,
    options: s.CopyOptions = {},
  ): Promise<s.CopyResult> {
    const outcome = await this.#operations.copy({
      ...this.#write(bucket, key, options),
      key,
      sourceBucket: bucketName.check(source.bucket, 'source bucket'),
      sourceKey: keyText.check(source.key, 'source key'),
      sourceVersionId: source.versionId,
    })
    return copyResult(outcome)
  }

  readonly restore: s.ObjectStore['restore'] = (bucket, options) =>
    restoreObjects(this, bucketName.check(bucket, 'bucket'), options)

  async policy(target: s.PolicyTarget, options: s.CallOptions = {}): Promise<s.PolicyInfo> {
    return policyInfo(await this.#attributes.policy(policyOperation(target, options)))
  }

  setPolicy(target: s.PolicyTarget, policy: string, options: s.CallOptions = {}): Promise<void> {
    return this.#attributes.setPolicy({ ...policyOperation(target, options), policy })
  }

  async tags(bucket: string, key: string, options: s.TagOptions = {}): Promise<s.TagInfo> {
    return tagInfo(bucket, key, await this.#attributes.tags(readOperation(bucket, key, options)))
  }

  async setTags(
    bucket: string,
    key: string,
    changes: s.TagChanges,
    options: s.TagOptions = {},
  ): Promise<s.TagInfo> {
    const change = { set: Object.entries(changes.set ?? {}), clear: changes.clear ?? [] }
    return tagInfo(bucket, key, await this.#attributes.setTags(readOperation(bucket, key, options), change))
  }

  async *history(
    bucket: string,
    key: string,
    options: s.CallOptions & { readonly limit?: number | undefined } = {},
  ): AsyncGenerator<s.HistoryEntry> {
    const { limit, timeoutMs, signal } = options
    const operation = { bucket: bucketName.check(bucket, 'bucket'), key: keyText.check(key, 'key'), limit }
    for await (const page of this.#operations.history({ ...operation, timeoutMs, signal }))
      for (const entry of page) yield historyEntry(bucket, key, entry)
  }

  readonly createUpload: m.UploadStore['createUpload'] = (...of) => this.#uploads.createUpload(...of)
  readonly uploadPart: m.UploadStore['uploadPart'] = (...of) => this.#uploads.uploadPart(...of)
  readonly copyPart: m.UploadStore['copyPart'] = (...of) => this.#uploads.copyPart(...of)
  readonly parts: m.UploadStore['parts'] = (...of) => this.#uploads.parts(...of)
  readonly partPage: m.UploadStore['partPage'] = (...of) => this.#uploads.partPage(...of)
  readonly uploads: m.UploadStore['uploads'] = (...of) => this.#uploads.uploads(...of)
  readonly uploadPage: m.UploadStore['uploadPage'] = (...of) => this.#uploads.uploadPage(...of)
  readonly completeUpload: m.UploadStore['completeUpload'] = (...of) => this.#uploads.completeUpload(...of)
  readonly abortUpload: m.UploadStore['abortUpload'] = (...of) => this.#uploads.abortUpload(...of)

  readonly changes: s.ObjectStore['changes'] = (...of) => this.#feed.changes(...of)
  readonly watch: s.ObjectStore['watch'] = (...of) => this.#feed.watch(...of)

  list(bucket: string, options: s.ListOptions = {}): AsyncIterable<s.ListEntry> {
    return listEntries(this, bucket, 'keys', options)
  }

  versions(bucket: string, options: s.ListOptions = {}): AsyncIterable<s.ListEntry> {
    return listEntries(this, bucket, 'versions', options)
  }

  async listPage(
    bucket: string,
    what: 'keys' | 'versions',
    options: s.PageOptions = {},
  ): Promise<s.ListPage> {
    const { prefix = '', delimiter, startAfter, token, at, details, timeoutMs, signal } = options
    const page = await this.#operations.list({
      bucket: bucketName.check(bucket, 'bucket'),
      what,
      prefix,
      delimiter: delimiter === '' ? undefined : delimiter,
      limit: Math.min(options.limit ?? limits.listLimitMax, limits.listLimitMax),
      startAfter,
      token,
      at: at === undefined ? undefined : hybridTimeOf(at),
      details,
      timeoutMs,
      signal,
    })
    return { entries: page.entries.map(entry => listEntry(bucket, entry)), token: page.token }
  }

  async *fetch(
    bucket: string,
    options: s.CallOptions & { readonly prefix?: string | undefined } = {},
  ): AsyncGenerator<s.FetchItem> {
    const { prefix = '', timeoutMs, signal } = options
    const name = bucketName.check(bucket, 'bucket')
    for await (const { items, end } of this.#operations.gather({ bucket: name, prefix, timeoutMs, signal })) {
      for (const item of items) yield fetchItem(bucket, item)
      if (end !== undefined && end.missing.length > 0) {
        throw new TorcError('PARTIAL', `${end.missing.length} partitions were heard of by too few owners`, {
          details: { missing: end.missing, silent: end.silent },
        })
      }
    }
  }

  readonly openSyncSession: s.ObjectStore['openSyncSession'] = (...of) =>
    this.#sessions.openSyncSession(...of)
  readonly keepSyncSession: s.ObjectStore['keepSyncSession'] = (...of) =>
    this.#sessions.keepSyncSession(...of)
  readonly syncSessions: s.ObjectStore['syncSessions'] = (...of) => this.#sessions.syncSessions(...of)
  readonly endSyncSession: s.ObjectStore['endSyncSession'] = (...of) => this.#sessions.endSyncSession(...of)

  async createBucket(bucket: string, options: s.BucketOptions = {}): Promise<s.BucketInfo> {
    return bucketInfo(await this.#administration.buckets.create(bucketName.check(bucket, 'bucket'), options))
  }

  async headBucket(bucket: string, options: s.CallOptions = {}): Promise<s.BucketInfo> {
    return bucketInfo(await this.#administration.buckets.show(bucketName.check(bucket, 'bucket'), options))
  }

  async changeBucket(bucket: string, changes: s.BucketChanges): Promise<s.BucketInfo> {
    return bucketInfo(await this.#administration.buckets.change(bucketName.check(bucket, 'bucket'), changes))
  }

  async deleteBucket(
    bucket: string,
    options: s.CallOptions & { readonly force?: boolean | undefined } = {},
  ): Promise<void> {
    await this.#administration.buckets.remove(
      bucketName.check(bucket, 'bucket'),
      options.force === true,
      options,
    )
  }

  async buckets(options: s.CallOptions = {}): Promise<readonly s.ListedBucket[]> {
    return (await this.#administration.buckets.all(options)).map(listedBucket)
  }

  status(): Promise<ClusterStatus> {
    return this.#administration.status()
  }

  layout(options: s.CallOptions = {}): Promise<LayoutInfo> {
    return this.#administration.layouts.show(options)
  }

  stageLayout(change: LayoutChange, options: s.CallOptions = {}): Promise<LayoutInfo> {
    return this.#administration.layouts.stage(change, options)
  }

  cancelLayout(options: s.CallOptions = {}): Promise<LayoutInfo> {
    return this.#administration.layouts.cancel(options)
  }

  recoverLayout(options: Parameters<Admin['recoverLayout']>[0] = {}): Promise<LayoutInfo> {
    return this.#administration.layouts.recover(options)
  }

  applyLayout(options: Parameters<Admin['applyLayout']>[0] = {}): Promise<LayoutInfo> {
    return this.#administration.layouts.apply(options)
  }

  initLayout(options: InitLayoutOptions = {}): Promise<LayoutInfo> {
    return this.#administration.initLayout(options)
  }

  async scrubStatus(): Promise<ScrubStatus> {
    return scrubStatusOf(await this.#administration.scrubStatus())
  }

  async scrub(): Promise<ScrubStatus> {
    return scrubStatusOf(await this.#administration.startScrub())
  }

  async repairStatus(): Promise<RepairStatus> {
    return repairStatusOf(await this.#administration.repairStatus())
  }

  async repair(): Promise<RepairStatus> {
    return repairStatusOf(await this.#administration.startRepair())
  }

  async *blocks(bucket: string, key: string, options: BlocksOptions = {}): AsyncGenerator<BlockPlaces> {
    for await (const page of this.#operations.blocks(readOperation(bucket, key, options)))
      yield* blockPlacesOf(bucket, key, blocksAnswer(page))
  }

  #write<K extends string | undefined>(bucket: string, key: K, options: s.PutOptions) {
    return writeOperation(this.#c.environment.random, bucket, key, options)
  }
}
