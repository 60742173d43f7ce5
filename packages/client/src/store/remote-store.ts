import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { RequestOf } from '@torc/protocol/messages/table'
import type * as s from '@torc/protocol/store/object-store'
import { Caller } from '../connection/caller.js'
import type { Connector } from '../connection/connector.js'
import { bucketInfoOf, hexOf, listEntryOf, putResultOf, versionInfoOf } from './answers.js'
import { gather } from './gather.js'
import { OperationIds } from './operation-ids.js'
import { ReceivedObject } from './received-object.js'
import { type Upload, uploadOf } from './upload.js'

export interface Store extends s.ObjectStore, s.Admin {
  /** Lets open requests end, then closes the connection. The store can't be used afterwards. */
  close(): Promise<void>
}

const opIdBytes = 16

/** The store behind a connection to one of several servers. Made by `connect`. */
export class RemoteStore implements Store {
  readonly #connector: Connector
  readonly #caller: Caller
  readonly #environment: Environment
  readonly #opIds: OperationIds

  constructor(connector: Connector, environment: Environment, timeoutMs: number) {
    this.#connector = connector
    this.#environment = environment
    this.#opIds = new OperationIds(environment.random)
    this.#caller = new Caller(connector, environment, timeoutMs)
  }

  close(): Promise<void> {
    return this.#connector.close()
  }

  // ---- objects

  async put(
    bucket: string,
    key: string,
    body: s.BodyInput,
    options: s.PutOptions = {},
  ): Promise<s.PutResult> {
    const upload = uploadOf(body, this.#environment.hasher, options.size, options.onProgress)
    return this.#send('putObject', key, this.#written(bucket, options, upload), options, upload)
  }

  async putShared(
    bucket: string,
    key: string,
    path: string,
    options: s.PutOptions = {},
  ): Promise<s.PutResult> {
    const head = this.#written(bucket, options)
    head.shared = path
    return this.#send('putObject', key, head, options, undefined)
  }

  async post(bucket: string, body: s.BodyInput, options: s.PutOptions = {}): Promise<s.PutResult> {
    const upload = uploadOf(body, this.#environment.hasher, options.size, options.onProgress)
    return this.#send('postDatum', '', this.#written(bucket, options, upload), options, upload)
  }

  async get(bucket: string, key: string, options: s.GetOptions = {}): Promise<s.StoredObject> {
    const { signal, timeoutMs, onProgress } = options
    const head: RequestOf<'getObject'> = { bucket, key, ...versionOf(options) }
    if (options.range !== undefined) head.range = [options.range[0], options.range[1] ?? -1]
    const answer = await this.#caller.call('getObject', head, { signal, timeoutMs })
    const info = versionInfoOf(bucket, key, answer.head)
    const range = options.range === undefined ? undefined : answer.head.range
    const last = range?.[1] ?? info.size - 1
    return new ReceivedObject(info, range, answer.body, {
      hasher: this.#environment.hasher,
      signal,
      onProgress,
      resume: async (from, error) => {
        if (error.code !== 'UNREACHABLE' || from > last) return undefined
        const rest: RequestOf<'getObject'> = { ...head, versionId: info.versionId, range: [from, last] }
        return (await this.#caller.call('getObject', rest, { signal, timeoutMs })).body
      },
    })
  }

  async getShared(
    bucket: string,
    key: string,
    path: string,
    options: s.GetOptions = {},
  ): Promise<s.VersionInfo> {
    const head: RequestOf<'getObject'> = { bucket, key, ...versionOf(options), shared: path }
    if (options.range !== undefined) head.range = [options.range[0], options.range[1] ?? -1]
    const answer = await this.#caller.call('getObject', head, options)
    return versionInfoOf(bucket, key, answer.head)
  }

  async head(bucket: string, key: string, options: s.GetOptions = {}): Promise<s.VersionInfo> {
    const answer = await this.#caller.call('headObject', { bucket, key, ...versionOf(options) }, options)
    return versionInfoOf(bucket, key, answer.head)
  }

  async delete(bucket: string, key: string, options: s.DeleteOptions = {}): Promise<s.DeleteResult> {
    const head: RequestOf<'deleteObject'> = { bucket, key, opId: this.#opId(options), ...versionOf(options) }
    if (options.context !== undefined) head.context = options.context
    if (options.marker !== undefined) head.marker = options.marker
    if (options.retry !== undefined) head.retry = options.retry
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

  // ---- listings

  list(bucket: string, options: s.ListOptions = {}): AsyncIterable<s.ListEntry> {
    return this.#entries(bucket, 'keys', options)
  }

  versions(bucket: string, options: s.ListOptions = {}): AsyncIterable<s.ListEntry> {
    return this.#entries(bucket, 'versions', options)
  }

  async listPage(
    bucket: string,
    what: 'keys' | 'versions',
    options: s.PageOptions = {},
  ): Promise<s.ListPage> {
    const { prefix, delimiter, limit, startAfter, token } = options
    const head: RequestOf<'listKeys'> = { bucket }
    if (prefix !== undefined && prefix !== '') head.prefix = prefix
    if (delimiter !== undefined && delimiter !== '') head.delimiter = delimiter
    if (limit !== undefined) head.limit = Math.min(limit, limits.listLimitMax)
    if (startAfter !== undefined && startAfter !== '') head.startAfter = startAfter
    if (token !== undefined) head.token = token
    const answer = await this.#caller.call(
      what === 'keys' ? 'listKeys' : 'listVersions',
      head,
      limitsOf(options),
    )
    return { entries: answer.head.entries.map(entry => listEntryOf(bucket, entry)), token: answer.head.token }
  }

  async *#entries(
    bucket: string,
    what: 'keys' | 'versions',
    options: s.ListOptions,
  ): AsyncGenerator<s.ListEntry> {
    let left = options.limit ?? Number.POSITIVE_INFINITY
    let token: string | undefined
    while (left > 0) {
      const limit = Math.min(left, limits.listLimitMax)
      const page = await this.listPage(bucket, what, { ...options, limit, token })
      yield* page.entries
      left -= page.entries.length
      token = page.token
      if (token === undefined) return
    }
  }

  fetch(
    bucket: string,
    options: s.CallOptions & { readonly prefix?: string | undefined } = {},
  ): AsyncIterable<s.FetchItem> {
    return gather(this.#caller, bucket, options)
  }

  // ---- buckets

  async createBucket(bucket: string, options: s.BucketOptions = {}): Promise<s.BucketInfo> {
    const head: RequestOf<'putBucket'> = { bucket }
    if (options.replicas !== undefined) head.replicas = options.replicas
    if (options.readQuorum !== undefined) head.readQuorum = options.readQuorum
    if (options.writeQuorum !== undefined) head.writeQuorum = options.writeQuorum
    if (options.strict !== undefined) head.strict = options.strict
    const answer = await this.#caller.call('putBucket', head, { ...limitsOf(options), writes: true })
    return bucketInfoOf(answer.head)
  }

  async headBucket(bucket: string, options: s.CallOptions = {}): Promise<s.BucketInfo> {
    return bucketInfoOf((await this.#caller.call('getBucket', { bucket }, limitsOf(options))).head)
  }

  async deleteBucket(
    bucket: string,
    options: s.CallOptions & { readonly force?: boolean | undefined } = {},
  ): Promise<void> {
    const head: RequestOf<'deleteBucket'> =
      options.force === undefined ? { bucket } : { bucket, force: options.force }
    await this.#caller.call('deleteBucket', head, { ...limitsOf(options), writes: true })
  }

  async buckets(options: s.CallOptions = {}): Promise<readonly s.BucketInfo[]> {
    return (await this.#caller.call('listBuckets', {}, limitsOf(options))).head.buckets.map(bucketInfoOf)
  }

  // ---- operators

  async status(options: s.CallOptions = {}): Promise<s.ClusterStatus> {
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
    }))
    const { epoch, partitions, replicas, healthy, problems, buckets } = head
    return { epoch, partitions, replicas, healthy, problems, members, buckets }
  }

  async layout(options: s.CallOptions = {}): Promise<s.LayoutInfo> {
    return (await this.#caller.call('getLayout', {}, limitsOf(options))).head
  }

  async initLayout(
    options: s.CallOptions & {
      readonly agents?: number | undefined
      readonly replicas?: number | undefined
    } = {},
  ): Promise<s.LayoutInfo> {
    const head: RequestOf<'initLayout'> = {}
    if (options.agents !== undefined) head.agents = options.agents
    if (options.replicas !== undefined) head.replicas = options.replicas
    await this.#caller.call('initLayout', head, { ...limitsOf(options), writes: true })
    return this.layout(options)
  }

  // ---- writing

  #opId(options: s.CallOptions): Uint8Array {
    const opId = options.opId ?? this.#opIds.next()
    if (opId.length === opIdBytes) return opId
    throw new TorcError('BAD_REQUEST', `an operation id has ${opIdBytes} bytes, not ${opId.length}`)
  }

  /** The fields of a write that its caller chose; absent ones stay away from the wire. */
  #written(bucket: string, options: s.PutOptions, upload?: Upload): RequestOf<'postDatum'> {
    const head: RequestOf<'postDatum'> = { bucket, opId: this.#opId(options) }
    if (options.contentType !== undefined) head.contentType = options.contentType
    if (options.metadata !== undefined) head.metadata = options.metadata.map(([name, value]) => [name, value])
    if (options.context !== undefined) head.context = options.context
    if (options.strict !== undefined) head.strict = options.strict
    if (options.retry !== undefined) head.retry = options.retry
    if (upload?.size !== undefined) head.size = upload.size
    if (upload?.sha256 !== undefined) head.sha256 = upload.sha256
    return head
  }

  async #send(
    name: 'putObject' | 'postDatum',
    key: string,
    head: RequestOf<'postDatum'>,
    options: s.PutOptions,
    upload: Upload | undefined,
  ): Promise<s.PutResult> {
    const { signal, timeoutMs } = options
    const plan = { signal, timeoutMs, body: upload, writes: true, repeat: again }
    let result: s.PutResult
    try {
      const answer =
        name === 'putObject'
          ? await this.#caller.call(name, { ...head, key }, plan)
          : await this.#caller.call(name, head, plan)
      result = putResultOf(head.bucket, key, answer.head)
    } catch (error) {
      if (upload?.sourceError === undefined) throw error
      throw TorcError.from(upload.sourceError)
    }
    const sent = upload?.sentSha256()
    if (sent !== undefined && hexOf(sent) !== result.sha256) {
      throw new TorcError(
        'CHECKSUM',
        `${head.bucket}/${result.key}: the server stored other bytes than were sent`,
      )
    }
    return result
  }
}

/** The head of a repeated write: the server looks for what an earlier attempt left before it mints. */
function again<H extends { retry?: boolean }>(head: H): H {
  return { ...head, retry: true }
}

function limitsOf({ signal, timeoutMs }: s.CallOptions): Pick<s.CallOptions, 'signal' | 'timeoutMs'> {
  return { signal, timeoutMs }
}

function versionOf(options: { versionId?: string | undefined; strict?: boolean | undefined }): {
  versionId?: string
  strict?: boolean
} {
  return {
    ...(options.versionId === undefined ? undefined : { versionId: options.versionId }),
    ...(options.strict === undefined ? undefined : { strict: options.strict }),
  }
}
