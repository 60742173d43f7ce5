import type { Environment } from '@torc/protocol/environment/system'
import type { TorcError } from '@torc/protocol/errors'
import type { RequestOf } from '@torc/protocol/messages/table'
import type {
  Admin,
  ClusterStatus,
  InitLayoutOptions,
  LayoutChange,
  LayoutInfo,
} from '@torc/protocol/store/admin'
import type { BlockPlaces, BlocksOptions } from '@torc/protocol/store/blocks'
import { listEntries } from '@torc/protocol/store/entries'
import type * as m from '@torc/protocol/store/multipart'
import type * as s from '@torc/protocol/store/object-store'
import { type RepairStatus, repairStatusOf } from '@torc/protocol/store/repair'
import { restoreObjects } from '@torc/protocol/store/restore'
import { type ScrubStatus, scrubStatusOf, workerInfoOf } from '@torc/protocol/store/scrub'
import { Caller, Pin } from '../connection/caller.js'
import type { Connector } from '../connection/connector.js'
import { anotherServerMayHelp } from '../connection/retry.js'
import { copyResultOf, listEntryOf, versionInfoOf } from './answers.js'
import { gather, gatherBlocks, gatherHistory } from './gather.js'
import { OperationIds } from './operation-ids.js'
import { ReceivedObject } from './received-object.js'
import { RemoteAttributes } from './remote-attributes.js'
import { RemoteBuckets } from './remote-buckets.js'
import { RemoteFeed } from './remote-feed.js'
import { RemoteKeys } from './remote-keys.js'
import { type ApplyOptions, type RecoverOptions, RemoteLayouts } from './remote-layouts.js'
import { RemoteSyncSessions } from './remote-sync-sessions.js'
import { RemoteUploads } from './remote-uploads.js'
import { RemoteWrites } from './remote-writes.js'
import {
  again,
  copyRequest,
  deleteRequest,
  getRequest,
  headRequest,
  limitsOf,
  listRequest,
  sharedLimits,
} from './requests.js'

export interface Store extends s.ObjectStore, Admin {
  /** Lets open requests end, then closes the connections. The store can't be used afterwards. */
  close(): Promise<void>
}

/** The store behind connections to its servers. Made by `connect`. */
export class RemoteStore implements Store {
  readonly keys: RemoteKeys
  readonly #connector: Connector
  readonly #caller: Caller
  readonly #environment: Environment
  readonly #opIds: OperationIds
  readonly #buckets: RemoteBuckets
  readonly #attributes: RemoteAttributes
  readonly #layouts: RemoteLayouts
  readonly #uploads: RemoteUploads
  readonly #sessions: RemoteSyncSessions
  readonly #writes: RemoteWrites
  readonly #feed: RemoteFeed

  constructor(connector: Connector, environment: Environment, timeoutMs: number) {
    this.#connector = connector
    this.#environment = environment
    this.#opIds = new OperationIds(environment.random)
    this.#caller = new Caller(connector, environment, timeoutMs)
    this.#buckets = new RemoteBuckets(this.#caller)
    this.#attributes = new RemoteAttributes(this.#caller)
    this.keys = new RemoteKeys(this.#caller, this.#opIds)
    this.#layouts = new RemoteLayouts(this.#caller)
    this.#uploads = new RemoteUploads(this.#caller, environment, this.#opIds)
    this.#sessions = new RemoteSyncSessions(this.#caller, this.#opIds)
    this.#writes = new RemoteWrites(this.#caller, environment, this.#opIds)
    this.#feed = new RemoteFeed(this.#caller, environment)
  }

  close(): Promise<void> {
    return this.#connector.close()
  }

  readonly put: s.ObjectStore['put'] = (...of) => this.#writes.put(...of)
  readonly putShared: s.ObjectStore['putShared'] = (...of) => this.#writes.putShared(...of)
  readonly post: s.ObjectStore['post'] = (...of) => this.#writes.post(...of)

  async get(bucket: string, key: string, options: s.GetOptions = {}): Promise<s.StoredObject> {
    const { signal, timeoutMs, onProgress } = options
    const head = getRequest(bucket, key, options)
    const plan = { signal, timeoutMs, pin: new Pin() }
    const answer = await this.#caller.call('getObject', head, plan)
    const info = versionInfoOf(bucket, key, answer.head)
    const range = options.range === undefined ? undefined : answer.head.range
    const last = range?.[1] ?? info.size - 1
    return new ReceivedObject(info, range, answer.body, {
      hasher: this.#environment.hasher,
      signal,
      onProgress,
      resume: async (from, error) => {
        if (!mayResume(error) || from > last) return undefined
        const { at: _, ...same } = head
        const rest: RequestOf<'getObject'> = { ...same, versionId: info.versionId, range: [from, last] }
        await this.#caller.moveOn(plan.pin, error, plan)
        return (await this.#caller.call('getObject', rest, plan)).body
      },
    })
  }

  async getShared(
    bucket: string,
    key: string,
    path: string,
    options: s.GetOptions = {},
  ): Promise<s.VersionInfo> {
    const head: RequestOf<'getObject'> = { ...getRequest(bucket, key, options), shared: path }
    const answer = await this.#caller.call('getObject', head, sharedLimits(options))
    return versionInfoOf(bucket, key, answer.head)
  }

  async head(bucket: string, key: string, options: s.GetOptions = {}): Promise<s.VersionInfo> {
    const head = headRequest(bucket, key, options)
    const answer = await this.#caller.call('headObject', head, limitsOf(options))
    return versionInfoOf(bucket, key, answer.head)
  }

  async delete(bucket: string, key: string, options: s.DeleteOptions = {}): Promise<s.DeleteResult> {
    const head = deleteRequest(bucket, key, this.#opId(options), options)
    const answer = await this.#caller.call('deleteObject', head, {
      ...limitsOf(options),
      writes: true,
      repeat: again,
    })
    return {
      bucket,
      key,
      removed: answer.head.removed,
      marker: answer.head.marker,
      context: answer.head.context,
    }
  }

  async copy(
    source: s.CopySource,
    bucket: string,
    key: string,
    options: s.CopyOptions = {},
  ): Promise<s.CopyResult> {
    const head = copyRequest(source, bucket, key, this.#opId(options), options)
    const { signal, timeoutMs } = sharedLimits(options)
    const plan = { signal, timeoutMs, writes: true, repeat: again }
    return copyResultOf(bucket, key, (await this.#caller.call('copyObject', head, plan)).head)
  }

  readonly openSyncSession: s.ObjectStore['openSyncSession'] = (...of) =>
    this.#sessions.openSyncSession(...of)
  readonly keepSyncSession: s.ObjectStore['keepSyncSession'] = (...of) =>
    this.#sessions.keepSyncSession(...of)
  readonly syncSessions: s.ObjectStore['syncSessions'] = (...of) => this.#sessions.syncSessions(...of)
  readonly endSyncSession: s.ObjectStore['endSyncSession'] = (...of) => this.#sessions.endSyncSession(...of)

  history(
    bucket: string,
    key: string,
    options: s.CallOptions & { readonly limit?: number | undefined } = {},
  ): AsyncIterable<s.HistoryEntry> {
    return gatherHistory(this.#caller, bucket, key, options)
  }

  readonly restore: s.ObjectStore['restore'] = (bucket, options) => restoreObjects(this, bucket, options)

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
    const head = listRequest(bucket, options)
    const answer = await this.#caller.call(
      what === 'keys' ? 'listKeys' : 'listVersions',
      head,
      limitsOf(options),
    )
    return { entries: answer.head.entries.map(entry => listEntryOf(bucket, entry)), token: answer.head.token }
  }

  fetch(
    bucket: string,
    options: s.CallOptions & { readonly prefix?: string | undefined } = {},
  ): AsyncIterable<s.FetchItem> {
    return gather(this.#caller, bucket, options)
  }

  readonly changes: s.ObjectStore['changes'] = (...of) => this.#feed.changes(...of)
  readonly watch: s.ObjectStore['watch'] = (...of) => this.#feed.watch(...of)

  policy(target: s.PolicyTarget, options: s.CallOptions = {}): Promise<s.PolicyInfo> {
    return this.#attributes.policy(target, options)
  }

  setPolicy(target: s.PolicyTarget, policy: string, options: s.CallOptions = {}): Promise<void> {
    return this.#attributes.setPolicy(target, policy, options)
  }

  tags(bucket: string, key: string, options: s.TagOptions = {}): Promise<s.TagInfo> {
    return this.#attributes.tags(bucket, key, options)
  }

  setTags(
    bucket: string,
    key: string,
    changes: s.TagChanges,
    options: s.TagOptions = {},
  ): Promise<s.TagInfo> {
    return this.#attributes.setTags(bucket, key, changes, options)
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

  createBucket(bucket: string, options: s.BucketOptions = {}): Promise<s.BucketInfo> {
    return this.#buckets.create(bucket, options)
  }

  headBucket(bucket: string, options: s.CallOptions = {}): Promise<s.BucketInfo> {
    return this.#buckets.head(bucket, options)
  }

  changeBucket(bucket: string, changes: s.BucketChanges): Promise<s.BucketInfo> {
    return this.#buckets.change(bucket, changes)
  }

  deleteBucket(
    bucket: string,
    options: s.CallOptions & { readonly force?: boolean | undefined } = {},
  ): Promise<void> {
    return this.#buckets.delete(bucket, options)
  }

  buckets(options: s.CallOptions = {}): Promise<readonly s.ListedBucket[]> {
    return this.#buckets.list(options)
  }

  async status(options: s.CallOptions = {}): Promise<ClusterStatus> {
    const { head } = await this.#caller.call('getStatus', {}, limitsOf(options))
    const members = head.members.map(member => ({
      id: member.id,
      name: member.name,
      role: member.role,
      address: member.address,
      zone: member.zone,
      state: member.state,
      capacity: member.capacity,
      usedBytes: member.usedBytes,
      partitions: member.partitions,
      keys: member.keys,
      versions: member.versions,
      blocks: member.blocks,
      bodyBytes: member.bodyBytes,
      inlineBytes: member.inlineBytes,
      blockBytes: member.blockBytes,
      storedBytes: member.storedBytes,
      blocksStored: member.blocksStored,
      blocksUploading: member.blocksUploading,
      blocksReleasing: member.blocksReleasing,
      blocksMissing: member.blocksMissing,
      blocksCorrupt: member.blocksCorrupt,
      blocksRepaired: member.blocksRepaired,
      hints: member.hintsHeld,
      repair: member.repair,
      workers: member.workers?.map(workerInfoOf),
    }))
    const { epoch, partitions, replicas, healthy, problems, buckets, logicalBytes, physicalBytes } = head
    return {
      ...{ epoch, partitions, replicas, healthy, problems, members, buckets },
      ...{ logicalBytes, physicalBytes },
    }
  }

  layout(options: s.CallOptions = {}): Promise<LayoutInfo> {
    return this.#layouts.show(options)
  }

  stageLayout(change: LayoutChange, options: s.CallOptions = {}): Promise<LayoutInfo> {
    return this.#layouts.stage(change, options)
  }

  cancelLayout(options: s.CallOptions = {}): Promise<LayoutInfo> {
    return this.#layouts.cancel(options)
  }

  applyLayout(options: ApplyOptions = {}): Promise<LayoutInfo> {
    return this.#layouts.apply(options)
  }

  recoverLayout(options: RecoverOptions = {}): Promise<LayoutInfo> {
    return this.#layouts.recover(options)
  }

  initLayout(options: InitLayoutOptions = {}): Promise<LayoutInfo> {
    return this.#layouts.init(options)
  }

  async scrubStatus(options: s.CallOptions = {}): Promise<ScrubStatus> {
    return scrubStatusOf((await this.#caller.call('getScrub', {}, limitsOf(options))).head)
  }

  async scrub(options: s.CallOptions = {}): Promise<ScrubStatus> {
    return scrubStatusOf((await this.#caller.call('startScrub', {}, limitsOf(options))).head)
  }

  async repairStatus(options: s.CallOptions = {}): Promise<RepairStatus> {
    return repairStatusOf((await this.#caller.call('getRepair', {}, limitsOf(options))).head)
  }

  async repair(options: s.CallOptions = {}): Promise<RepairStatus> {
    return repairStatusOf((await this.#caller.call('startRepair', {}, limitsOf(options))).head)
  }

  blocks(bucket: string, key: string, options: BlocksOptions = {}): AsyncIterable<BlockPlaces> {
    return gatherBlocks(this.#caller, bucket, key, options)
  }

  #opId(options: s.CallOptions): Uint8Array {
    return options.opId ?? this.#opIds.next()
  }
}

/** Whether the rest of a body may come by another request: the connection broke, or the server can't read on. */
function mayResume({ code }: TorcError): boolean {
  return code === 'UNREACHABLE' || anotherServerMayHelp(code)
}
