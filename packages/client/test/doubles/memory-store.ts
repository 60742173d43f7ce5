import { createHash, randomBytes } from 'node:crypto'
import { TorcError } from '@torc/protocol/errors'
import type { ClusterStatus } from '@torc/protocol/store/admin'
import type { BlockPlaces } from '@torc/protocol/store/blocks'
import type { Change } from '@torc/protocol/store/changes'
import { withLateFacts } from '@torc/protocol/store/late-facts'
import type * as m from '@torc/protocol/store/multipart'
import type * as s from '@torc/protocol/store/object-store'
import type { RepairStatus } from '@torc/protocol/store/repair'
import { restoreObjects } from '@torc/protocol/store/restore'
import type { ScrubStatus } from '@torc/protocol/store/scrub'
import type { Store } from '../../src/store/remote-store.js'
import { MemoryFeed } from './memory-feed.js'
import { coveredBy, type Held, headsOf, historyOf, idOf, readVersion, shown } from './memory-history.js'
import { MemoryKeys } from './memory-keys.js'
import { MemoryOperations } from './memory-operations.js'
import { MemoryPolicies } from './memory-policies.js'
import { entriesOf, storedAs } from './memory-results.js'
import { MemorySyncSessions } from './memory-sync-sessions.js'
import { digestOfParts, type MemoryUpload, MemoryUploads } from './memory-uploads.js'

/** A whole store in memory: enough of its behaviour for commands to be tried against. */
export class MemoryStore extends MemoryOperations implements Store {
  /** Bucket → key → versions, newest first. */
  readonly held = new Map<string, Map<string, Held[]>>()
  readonly calls: string[] = []
  closed = false
  readonly inParts = new MemoryUploads({
    check: bucket => void this.#bucket(bucket),
    now: () => new Date(this.nowMs),
    read: ({ bucket, key, versionId }) => {
      const { info, bytes } = this.#find(bucket, key, { versionId })
      return { bytes, versionId: info.versionId }
    },
    complete: (...of) => this.#complete(...of),
  })
  readonly sessions = new MemorySyncSessions({
    check: bucket => void this.#bucket(bucket),
    now: () => new Date(this.nowMs),
  })
  /** Makes keys that a server could send though no client may put them. */
  hostileKeys: string[] = []
  /** Time of the writes to come. */
  nowMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  readonly keys = new MemoryKeys(bucket => void this.#bucket(bucket))
  readonly policies = new MemoryPolicies()
  readonly feed = new MemoryFeed(bucket => void this.#bucket(bucket))
  readonly cuttings = new Map<string, s.Cutting>()
  readonly compressions = new Map<string, s.Compression>()
  readonly faced = new Map<string, Pick<s.BucketInfo, 'versioning' | 'publicRead' | 'tags'>>()
  /** What `blocks` answers for any object. */
  places: BlockPlaces[] = []
  #counter = 0

  async close(): Promise<void> {
    this.closed = true
  }

  async createBucket(bucket: string, options: s.BucketOptions = {}): Promise<s.BucketInfo> {
    this.calls.push(`createBucket ${bucket}`)
    if (this.held.has(bucket)) throw new TorcError('BUCKET_EXISTS', `there is a bucket ${bucket}`)
    this.held.set(bucket, new Map())
    if (options.policy !== undefined) this.policies.set(bucket, options.policy)
    if (options.cutting !== undefined) this.cuttings.set(bucket, options.cutting)
    if (options.compression !== undefined) this.compressions.set(bucket, options.compression)
    this.#face(bucket, options)
    return { ...this.#bucketInfo(bucket), replicas: options.replicas ?? 3 }
  }

  async changeBucket(bucket: string, changes: s.BucketChanges): Promise<s.BucketInfo> {
    this.#bucket(bucket)
    const { readQuorum, writeQuorum, strict, policy, cutting, compression } = changes
    this.#face(bucket, changes)
    this.calls.push(
      `changeBucket ${bucket} ${JSON.stringify({ readQuorum, writeQuorum, strict, policy, cutting, compression })}`,
    )
    if (policy !== undefined) this.policies.set(bucket, policy)
    if (cutting !== undefined) this.cuttings.set(bucket, cutting)
    if (compression !== undefined) this.compressions.set(bucket, compression)
    const { readQuorum: r, writeQuorum: w, strict: only, ...info } = this.#bucketInfo(bucket)
    return { ...info, readQuorum: readQuorum ?? r, writeQuorum: writeQuorum ?? w, strict: strict ?? only }
  }

  async headBucket(bucket: string): Promise<s.BucketInfo> {
    this.#bucket(bucket)
    return this.#bucketInfo(bucket)
  }

  async deleteBucket(bucket: string, options: { force?: boolean | undefined } = {}): Promise<void> {
    const isEmpty = this.#bucket(bucket).size === 0 && this.inParts.isEmpty(bucket)
    if (!isEmpty && options.force !== true) {
      throw new TorcError('BUCKET_NOT_EMPTY', `the bucket ${bucket} is not empty`)
    }
    this.held.delete(bucket)
    this.sessions.drop(bucket)
  }

  async buckets(): Promise<readonly s.BucketInfo[]> {
    return [...this.held.keys()].sort().map(bucket => this.#bucketInfo(bucket))
  }

  async put(
    bucket: string,
    key: string,
    body: s.BodyInput,
    options: s.PutOptions = {},
  ): Promise<s.PutResult> {
    this.calls.push(`put ${bucket}/${key}`)
    this.#bucket(bucket)
    const pieces: Uint8Array[] = []
    if (typeof body === 'string') pieces.push(Buffer.from(body))
    else if (body instanceof Uint8Array) pieces.push(body)
    else for await (const piece of body) pieces.push(piece)
    if (options.signal?.aborted) throw options.signal.reason
    const bytes = Buffer.concat(pieces)
    options.onProgress?.(bytes.length)
    return this.#add(bucket, key, bytes, withLateFacts(options, options.seal?.()))
  }

  putShared(bucket: string, key: string, path: string, options: s.PutOptions = {}): Promise<s.PutResult> {
    this.calls.push(`putShared ${path}`)
    return this.put(bucket, key, `contents of ${path}`, options)
  }

  post(bucket: string, body: s.BodyInput, options: s.PutOptions = {}): Promise<s.PutResult> {
    return this.put(bucket, randomBytes(8).toString('hex'), body, options)
  }

  async get(bucket: string, key: string, options: s.GetOptions = {}): Promise<s.StoredObject> {
    this.calls.push(`get ${bucket}/${key}`)
    const { info, bytes } = this.hostileKeys.includes(key)
      ? this.#hostile(bucket, key)
      : this.#find(bucket, key, options)
    const wanted = options.range
    const first = wanted === undefined ? 0 : wanted[0] < 0 ? bytes.length + wanted[0] : wanted[0]
    const last = wanted?.[1] ?? bytes.length - 1
    const body = bytes.subarray(first, last + 1)
    options.onProgress?.(body.length)
    return {
      ...info,
      range: wanted === undefined ? undefined : [first, last],
      body: pieces(body),
      bytes: async () => body,
      text: async () => Buffer.from(body).toString(),
      json: async () => JSON.parse(Buffer.from(body).toString()),
      discard() {},
    }
  }

  async getShared(
    bucket: string,
    key: string,
    path: string,
    options: s.GetOptions = {},
  ): Promise<s.VersionInfo> {
    this.calls.push(`getShared ${path}`)
    return this.#find(bucket, key, options).info
  }

  async head(bucket: string, key: string, options: s.GetOptions = {}): Promise<s.VersionInfo> {
    return this.#find(bucket, key, options).info
  }

  async delete(bucket: string, key: string, options: s.DeleteOptions = {}): Promise<s.DeleteResult> {
    this.calls.push(`delete ${bucket}/${key}`)
    const keys = this.#bucket(bucket)
    const versions = keys.get(key) ?? []
    if (options.marker === true) {
      const { versionId, context } = this.#add(bucket, key, new Uint8Array(), options, 'marker')
      return { bucket, key, removed: [], marker: versionId, context }
    }
    const { versionId, context } = options
    const covered = coveredBy(context, versions)
    const gone = versions.filter(one =>
      versionId === undefined ? covered.has(idOf(one)) : idOf(one).startsWith(versionId),
    )
    const left = versions.filter(version => !gone.includes(version))
    if (left.length === 0) keys.delete(key)
    else keys.set(key, left)
    this.feed.note(...gone.map(({ info }) => changeOf(info, 'remove')))
    return { bucket, key, removed: gone.map(idOf), marker: undefined, context: 'token' }
  }

  async copy(
    source: s.CopySource,
    bucket: string,
    key: string,
    options: s.CopyOptions = {},
  ): Promise<s.CopyResult> {
    this.calls.push(`copy ${source.bucket}/${source.key} ${bucket}/${key}`)
    const { info, bytes } = this.#find(source.bucket, source.key, source)
    const { contentType = info.contentType, metadata = info.metadata, context, policy } = options
    this.#bucket(bucket)
    const result = this.#add(bucket, key, bytes, { contentType, metadata, context, policy })
    return { ...result, sentBytes: 0, sourceVersionId: info.versionId, sourceContext: info.context }
  }

  readonly openSyncSession: s.ObjectStore['openSyncSession'] = (...of) => this.sessions.openSyncSession(...of)
  readonly keepSyncSession: s.ObjectStore['keepSyncSession'] = (of, cursor) =>
    this.sessions.keepSyncSession(of, cursor)
  readonly syncSessions: s.ObjectStore['syncSessions'] = bucket => this.sessions.syncSessions(bucket)
  readonly endSyncSession: s.ObjectStore['endSyncSession'] = of => this.sessions.endSyncSession(of)

  async *history(
    bucket: string,
    key: string,
    options: { readonly limit?: number | undefined } = {},
  ): AsyncGenerator<s.HistoryEntry> {
    const versions = this.#bucket(bucket).get(key)
    if (versions === undefined) throw new TorcError('KEY_NOT_FOUND', `there is no ${bucket}/${key}`)
    yield* historyOf(versions).slice(0, options.limit)
  }

  readonly restore: s.ObjectStore['restore'] = (bucket, options) => restoreObjects(this, bucket, options)

  async policy({ bucket, key }: s.PolicyTarget): Promise<s.PolicyInfo> {
    const versions = bucket === undefined || key === undefined ? undefined : this.#bucket(bucket).get(key)
    return this.policies.show(
      { bucket, key },
      versions?.map(({ info }) => info),
    )
  }

  async setPolicy({ bucket, key }: s.PolicyTarget, policy: string): Promise<void> {
    this.calls.push(`setPolicy ${policy} ${bucket}/${key}`)
    if (bucket !== undefined && key !== undefined) this.#find(bucket, key, {})
    this.policies.put(key === undefined ? (bucket ?? '') : `${bucket}/${key}`, policy)
  }

  async tags(bucket: string, key: string, options: s.TagOptions = {}): Promise<s.TagInfo> {
    const { info, tags } = this.#find(bucket, key, options)
    return { bucket, key, versionId: info.versionId, tags: Object.fromEntries(tags) }
  }

  async setTags(
    bucket: string,
    key: string,
    changes: s.TagChanges,
    options: s.TagOptions = {},
  ): Promise<s.TagInfo> {
    const { tags } = this.#find(bucket, key, options)
    for (const [name, value] of Object.entries(changes.set ?? {})) tags.set(name, value)
    for (const name of changes.clear ?? []) tags.delete(name)
    return this.tags(bucket, key, options)
  }

  async *list(bucket: string, options: s.ListOptions = {}): AsyncGenerator<s.ListEntry> {
    yield* this.#entries(bucket, options, false)
  }

  async *versions(bucket: string, options: s.ListOptions = {}): AsyncGenerator<s.ListEntry> {
    yield* this.#entries(bucket, options, true)
  }

  async listPage(
    bucket: string,
    what: 'keys' | 'versions',
    options: s.PageOptions = {},
  ): Promise<s.ListPage> {
    const entries = [...this.#entries(bucket, options, what === 'versions')]
    return { entries, token: undefined }
  }

  async *fetch(bucket: string, options: { prefix?: string | undefined } = {}): AsyncGenerator<s.FetchItem> {
    for (const entry of this.#entries(bucket, { prefix: options.prefix }, true)) {
      if ('prefix' in entry) continue
      yield {
        bucket,
        key: entry.key,
        versionId: entry.versionId,
        size: entry.size,
        agents: ['agent-1', 'agent-2'],
      }
    }
  }

  readonly changes: s.ObjectStore['changes'] = (...of) => this.feed.changes(...of)
  readonly watch: s.ObjectStore['watch'] = (...of) => this.feed.watch(...of)

  async status(): Promise<ClusterStatus> {
    return this.statusOf(this.held.size)
  }

  async *blocks(bucket: string, key: string, options: s.GetOptions = {}): AsyncGenerator<BlockPlaces> {
    const { versionId } = this.#find(bucket, key, options).info
    for (const place of this.places) yield { ...place, bucket, key, versionId }
  }

  override repair(): Promise<RepairStatus> {
    this.calls.push('repair')
    return super.repair()
  }

  override scrub(): Promise<ScrubStatus> {
    this.calls.push('scrub')
    return super.scrub()
  }

  // ---- uploads in parts

  readonly createUpload: m.UploadStore['createUpload'] = (...of) => this.inParts.createUpload(...of)
  readonly uploadPart: m.UploadStore['uploadPart'] = (...of) => this.inParts.uploadPart(...of)
  readonly copyPart: m.UploadStore['copyPart'] = (...of) => this.inParts.copyPart(...of)
  readonly parts: m.UploadStore['parts'] = (b, k, id) => this.inParts.parts(b, k, id)
  readonly partPage: m.UploadStore['partPage'] = (...of) => this.inParts.partPage(...of)
  readonly uploads: m.UploadStore['uploads'] = (...of) => this.inParts.uploads(...of)
  readonly uploadPage: m.UploadStore['uploadPage'] = (...of) => this.inParts.uploadPage(...of)
  readonly completeUpload: m.UploadStore['completeUpload'] = (b, k, id, parts) =>
    this.inParts.completeUpload(b, k, id, parts)
  readonly abortUpload: m.UploadStore['abortUpload'] = (b, k, id) => this.inParts.abortUpload(b, k, id)

  #complete(upload: MemoryUpload, bytes: Uint8Array, parts: readonly m.PartInfo[]): s.PutResult {
    const { bucket, key, options } = upload
    const result = this.#add(bucket, key, bytes, options)
    const sha256 = digestOfParts(parts)
    const info = this.#bucket(bucket).get(key)?.[0]?.info
    if (info !== undefined) Object.assign(info, { sha256, parts: parts.map(({ size }) => size) })
    return { ...result, sha256, sentBytes: 0 }
  }

  #bucket(bucket: string): Map<string, Held[]> {
    const keys = this.held.get(bucket)
    if (keys === undefined) throw new TorcError('BUCKET_NOT_FOUND', `there is no bucket ${bucket}`)
    return keys
  }

  #face(bucket: string, { versioning, publicRead, tags }: s.BucketChanges): void {
    const before = this.#facedAs(bucket)
    this.faced.set(bucket, {
      versioning: versioning ?? before.versioning,
      publicRead: publicRead ?? before.publicRead,
      tags: tags ?? before.tags,
    })
  }

  #facedAs(bucket: string): Pick<s.BucketInfo, 'versioning' | 'publicRead' | 'tags'> {
    return this.faced.get(bucket) ?? { versioning: 'enabled', publicRead: false, tags: {} }
  }

  #bucketInfo(bucket: string): s.BucketInfo {
    const createdAt = new Date('2026-01-02T03:04:05.678Z')
    const settings = { replicas: 3, readQuorum: 2, writeQuorum: 2, strict: false }
    const cutting = this.cuttings.get(bucket) ?? 'fixed'
    const compression = this.compressions.get(bucket) ?? 'none'
    return {
      bucket,
      createdAt,
      ...settings,
      cutting,
      compression,
      ...this.#facedAs(bucket),
      ...this.policies.ofBucket(bucket),
    }
  }

  #find(
    bucket: string,
    key: string,
    options: { readonly versionId?: string | undefined; readonly at?: Date | undefined },
  ): Held {
    this.#checkPast(options.at)
    return readVersion(`${bucket}/${key}`, this.#bucket(bucket).get(key) ?? [], options)
  }

  #checkPast(at: Date | undefined): void {
    if (at !== undefined && at.getTime() > this.nowMs) throw new TorcError('BAD_REQUEST', 'in the future')
  }

  #hostile(bucket: string, key: string): Held {
    return this.#version(bucket, key, Buffer.from('evil'), {}, 'object')
  }

  #version(
    bucket: string,
    key: string,
    bytes: Uint8Array,
    options: s.PutOptions,
    kind: 'object' | 'marker',
  ): Held {
    const counter = ++this.#counter
    return {
      bytes,
      covers: coveredBy(options.context, this.held.get(bucket)?.get(key) ?? []),
      tags: new Map(Object.entries(options.tags ?? {})),
      info: {
        ...{
          bucket,
          key,
          kind,
          size: bytes.length,
          isLatest: true,
          isNull: false,
          siblings: [],
          degraded: false,
        },
        versionId: `v${counter}`,
        etag: options.etag ?? `etag-${createHash('sha256').update(bytes).digest('hex').slice(0, 4)}`,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        contentType: options.contentType ?? 'application/octet-stream',
        metadata: options.metadata ?? [],
        createdAt: new Date(this.nowMs),
        context: `context-${counter}`,
        clock: { '00000000000000aa': counter },
      },
    }
  }

  #add(
    bucket: string,
    key: string,
    bytes: Uint8Array,
    options: s.PutOptions,
    kind: 'object' | 'marker' = 'object',
  ): s.PutResult {
    const added = this.#version(bucket, key, bytes, options, kind)
    const keys = this.#bucket(bucket)
    const versions = [added, ...(keys.get(key) ?? [])]
    keys.set(key, versions)
    if (options.policy !== undefined) this.policies.set(`${bucket}/${key}`, options.policy)
    this.feed.note(changeOf(added.info, kind === 'marker' ? 'marker' : 'put'))
    const { info } = shown(added, headsOf(versions), [added])
    return storedAs(info)
  }

  #entries(bucket: string, options: s.ListOptions, all: boolean): Generator<s.ListEntry> {
    this.#checkPast(options.at)
    const keys = this.#bucket(bucket)
    const hostile = this.hostileKeys.map(key => [key, [this.#hostile(bucket, key)]] as const)
    return entriesOf(bucket, [...keys, ...hostile], options, all)
  }
}

function changeOf({ bucket, key, versionId, kind, createdAt }: s.VersionInfo, type: Change['type']): Change {
  return { bucket, key, versionId, kind, type, createdAt }
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
}
