import { createHash, randomBytes } from 'node:crypto'
import { TorcError } from '@torc/protocol/errors'
import type * as s from '@torc/protocol/store/object-store'
import type { Store } from '../../src/store/remote-store.js'

interface Held {
  readonly info: s.VersionInfo
  readonly bytes: Uint8Array
}

/** A whole store in memory: enough of its behaviour for commands to be tried against. */
export class MemoryStore implements Store {
  /** Bucket → key → versions, newest first. */
  readonly held = new Map<string, Map<string, Held[]>>()
  readonly calls: string[] = []
  closed = false
  healthy = true
  /** Makes keys that a server could send though no client may put them. */
  hostileKeys: string[] = []
  #counter = 0

  async close(): Promise<void> {
    this.closed = true
  }

  async createBucket(bucket: string, options: s.BucketOptions = {}): Promise<s.BucketInfo> {
    this.calls.push(`createBucket ${bucket}`)
    if (this.held.has(bucket)) throw new TorcError('BUCKET_EXISTS', `there is a bucket ${bucket}`)
    this.held.set(bucket, new Map())
    return { ...this.#bucketInfo(bucket), replicas: options.replicas ?? 3 }
  }

  async headBucket(bucket: string): Promise<s.BucketInfo> {
    this.#bucket(bucket)
    return this.#bucketInfo(bucket)
  }

  async deleteBucket(bucket: string, options: { force?: boolean | undefined } = {}): Promise<void> {
    if (this.#bucket(bucket).size > 0 && options.force !== true) {
      throw new TorcError('BUCKET_NOT_EMPTY', `the bucket ${bucket} is not empty`)
    }
    this.held.delete(bucket)
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
    const keys = this.#bucket(bucket)
    const pieces: Uint8Array[] = []
    if (typeof body === 'string') pieces.push(Buffer.from(body))
    else if (body instanceof Uint8Array) pieces.push(body)
    else for await (const piece of body) pieces.push(piece)
    if (options.signal?.aborted) throw options.signal.reason
    const bytes = Buffer.concat(pieces)
    options.onProgress?.(bytes.length)
    return this.#add(keys, bucket, key, bytes, options)
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
      : this.#find(bucket, key, options.versionId)
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
    return this.#find(bucket, key, options.versionId).info
  }

  async head(bucket: string, key: string, options: s.GetOptions = {}): Promise<s.VersionInfo> {
    return this.#find(bucket, key, options.versionId).info
  }

  async delete(bucket: string, key: string, options: s.DeleteOptions = {}): Promise<s.DeleteResult> {
    this.calls.push(`delete ${bucket}/${key}`)
    const keys = this.#bucket(bucket)
    const versions = keys.get(key) ?? []
    if (options.marker === true) return { bucket, key, removed: [], marker: 'marker-id', context: 'token' }
    const gone = versions.filter(
      ({ info }) => options.versionId === undefined || info.versionId.startsWith(options.versionId),
    )
    const left = versions.filter(version => !gone.includes(version))
    if (left.length === 0) keys.delete(key)
    else keys.set(key, left)
    const removed = gone.map(({ info }) => info.versionId)
    return { bucket, key, removed, marker: undefined, context: 'token' }
  }

  async *list(bucket: string, options: s.ListOptions = {}): AsyncGenerator<s.ListEntry> {
    yield* this.#entries(bucket, options, 1)
  }

  async *versions(bucket: string, options: s.ListOptions = {}): AsyncGenerator<s.ListEntry> {
    yield* this.#entries(bucket, options, Number.POSITIVE_INFINITY)
  }

  async listPage(
    bucket: string,
    what: 'keys' | 'versions',
    options: s.PageOptions = {},
  ): Promise<s.ListPage> {
    const entries = [...this.#entries(bucket, options, what === 'keys' ? 1 : Number.POSITIVE_INFINITY)]
    return { entries, token: undefined }
  }

  async *fetch(bucket: string, options: { prefix?: string | undefined } = {}): AsyncGenerator<s.FetchItem> {
    for (const entry of this.#entries(bucket, { prefix: options.prefix }, Number.POSITIVE_INFINITY)) {
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

  async status(): Promise<s.ClusterStatus> {
    const member = { zone: '', state: 'alive', capacity: 1000 } as const
    const counts = { usedBytes: 10, partitions: 256, keys: 1, versions: 1, blocks: 0 }
    const none = {
      usedBytes: undefined,
      partitions: undefined,
      keys: undefined,
      versions: undefined,
      blocks: undefined,
    }
    return {
      ...{ epoch: 1, partitions: 256, replicas: 3, healthy: this.healthy, buckets: this.held.size },
      problems: this.healthy ? [] : ['agent-1 is down'],
      members: [
        { id: 'server-1', name: 'server', role: 'server', address: '127.0.0.1:7400', ...member, ...none },
        { id: 'agent-1', name: 'agent', role: 'agent', address: '127.0.0.1:7410', ...member, ...counts },
      ],
    }
  }

  async layout(): Promise<s.LayoutInfo> {
    const agents = [{ id: 'agent-1', zone: '', capacity: 1000, partitions: 256 }]
    return { epoch: 1, partitions: 256, replicas: 1, agents }
  }

  initLayout(): Promise<s.LayoutInfo> {
    return this.layout()
  }

  #bucket(bucket: string): Map<string, Held[]> {
    const keys = this.held.get(bucket)
    if (keys === undefined) throw new TorcError('BUCKET_NOT_FOUND', `there is no bucket ${bucket}`)
    return keys
  }

  #bucketInfo(bucket: string): s.BucketInfo {
    const createdAt = new Date('2026-01-02T03:04:05.678Z')
    return { bucket, createdAt, replicas: 3, readQuorum: 2, writeQuorum: 2, strict: false, policy: 'all' }
  }

  #find(bucket: string, key: string, versionId?: string): Held {
    const versions = this.#bucket(bucket).get(key)
    if (versions === undefined) throw new TorcError('KEY_NOT_FOUND', `there is no ${bucket}/${key}`)
    const found = versions.find(({ info }) => versionId === undefined || info.versionId.startsWith(versionId))
    if (found === undefined)
      throw new TorcError('VERSION_NOT_FOUND', `${bucket}/${key} has no version ${versionId}`)
    return found
  }

  #hostile(bucket: string, key: string): Held {
    return this.#version(bucket, key, Buffer.from('evil'), {})
  }

  #version(bucket: string, key: string, bytes: Uint8Array, options: s.PutOptions): Held {
    const counter = ++this.#counter
    return {
      bytes,
      info: {
        ...{ bucket, key, kind: 'object', size: bytes.length, isLatest: true, siblings: [], degraded: false },
        versionId: `v${counter}`,
        etag: `etag-${counter}`,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        contentType: options.contentType ?? 'application/octet-stream',
        metadata: options.metadata ?? [],
        createdAt: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)),
        context: `context-${counter}`,
        clock: { '00000000000000aa': counter },
      },
    }
  }

  #add(
    keys: Map<string, Held[]>,
    bucket: string,
    key: string,
    bytes: Uint8Array,
    options: s.PutOptions,
  ): s.PutResult {
    const version = this.#version(bucket, key, bytes, options)
    const older = (keys.get(key) ?? []).map(({ info, bytes }) => ({
      info: { ...info, isLatest: false },
      bytes,
    }))
    keys.set(key, [version, ...older])
    const { versionId, size, etag, sha256, contentType, createdAt, context, clock } = version.info
    return {
      ...{ bucket, key, versionId, size, etag, sha256, contentType, createdAt, context, clock, siblings: [] },
      ...{
        mintedBy: 'agent-1',
        preferenceList: ['agent-1'],
        replicasWritten: ['agent-1'],
        down: [],
        hinted: {},
      },
      ...{ vectorClocks: { 'agent-1': clock }, deduplicatedBytes: 0, sentBytes: size },
    }
  }

  *#entries(bucket: string, options: s.ListOptions, perKey: number): Generator<s.ListEntry> {
    const { prefix = '', delimiter, limit = Number.POSITIVE_INFINITY, startAfter = '' } = options
    const keys = this.#bucket(bucket)
    const all = [...keys.keys(), ...this.hostileKeys].sort()
    const seen = new Set<string>()
    let left = limit
    for (const key of all) {
      if (!key.startsWith(prefix) || (startAfter !== '' && key <= startAfter)) continue
      const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
      const common = key.slice(0, end + 1)
      if (end >= 0 && seen.has(common)) continue
      seen.add(common)
      const versions = keys.get(key) ?? [this.#hostile(bucket, key)]
      for (const { info } of end >= 0 ? versions.slice(0, 1) : versions.slice(0, perKey)) {
        if (left-- <= 0) return
        yield end >= 0 ? { bucket, prefix: common } : info
      }
    }
  }
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
}
