import { limits } from '@torc/protocol/limits'
import type { RequestOf } from '@torc/protocol/messages/table'
import { type LateFacts, withLateFacts } from '@torc/protocol/store/late-facts'
import type * as s from '@torc/protocol/store/object-store'
import { hybridTimeOf } from './answers.js'
import type { Upload } from './upload.js'

/*
 * Heads of requests from the options of the library's calls. What the caller left out stays away from the
 * wire; what is wrong is refused by the message table's validators.
 */

/** A put or a post; a put adds the key. */
export function writeRequest(
  bucket: string,
  opId: Uint8Array,
  options: s.PutOptions,
  upload: Upload | undefined,
): RequestOf<'postDatum'> {
  const head: RequestOf<'postDatum'> = { bucket, opId }
  if (options.etag !== undefined) head.etag = options.etag
  if (options.contentType !== undefined) head.contentType = options.contentType
  if (options.metadata !== undefined) head.metadata = options.metadata.map(([name, value]) => [name, value])
  if (options.tags !== undefined) head.tags = Object.entries(options.tags)
  if (options.context !== undefined) head.context = options.context
  if (options.strict !== undefined) head.strict = options.strict
  if (options.policy !== undefined) head.policy = options.policy
  if (options.retry !== undefined) head.retry = options.retry
  if (upload?.size !== undefined) head.size = upload.size
  if (upload?.sha256 !== undefined) head.sha256 = upload.sha256
  addFacts(head, upload?.facts)
  return head
}

/** What is learned of a body, over what was said beforehand. BAD_REQUEST where it is too much together. */
export function addFacts(
  head: { etag?: string; metadata?: [string, string][] },
  late: LateFacts | undefined,
): void {
  const { etag, metadata } = withLateFacts<LateFacts>(head, late)
  if (etag !== undefined) head.etag = etag
  if (metadata !== undefined) head.metadata = metadata.map(([name, value]) => [name, value])
}

/** Conditions, for the heads of the requests that take them. */
export function conditionFields({ ifNoneMatch, ifMatch }: s.WriteConditions): {
  ifNoneMatch?: '*'
  ifMatch?: string
} {
  return {
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
    ...(ifMatch === undefined ? {} : { ifMatch }),
  }
}

/** The head of a repeated write: the server looks for what an earlier attempt left before it mints. */
export function again<H extends { retry?: boolean }>(head: H): H {
  return { ...head, retry: true }
}

export function headRequest(bucket: string, key: string, options: s.GetOptions): RequestOf<'headObject'> {
  const head: RequestOf<'headObject'> = { bucket, key, ...versionOf(options) }
  if (options.at !== undefined) head.at = hybridTimeOf(options.at)
  return head
}

export function getRequest(bucket: string, key: string, options: s.GetOptions): RequestOf<'getObject'> {
  const head: RequestOf<'getObject'> = headRequest(bucket, key, options)
  if (options.range !== undefined) head.range = [options.range[0], options.range[1] ?? -1]
  return head
}

export function deleteRequest(
  bucket: string,
  key: string,
  opId: Uint8Array,
  options: s.DeleteOptions,
): RequestOf<'deleteObject'> {
  const head: RequestOf<'deleteObject'> = { bucket, key, opId, ...versionOf(options) }
  if (options.context !== undefined) head.context = options.context
  if (options.marker !== undefined) head.marker = options.marker
  if (options.retry !== undefined) head.retry = options.retry
  return head
}

export function copyRequest(
  source: s.CopySource,
  bucket: string,
  key: string,
  opId: Uint8Array,
  options: s.CopyOptions,
): RequestOf<'copyObject'> {
  const { contentType, metadata, tags, context, policy, retry } = options
  const head: RequestOf<'copyObject'> = {
    ...{ bucket, key, opId, sourceBucket: source.bucket, sourceKey: source.key },
    ...conditionFields(options),
  }
  if (source.versionId !== undefined) head.sourceVersionId = source.versionId
  if (contentType !== undefined) head.contentType = contentType
  if (metadata !== undefined) head.metadata = metadata.map(([name, value]) => [name, value])
  if (tags !== undefined) head.tags = Object.entries(tags)
  if (context !== undefined) head.context = context
  if (policy !== undefined) head.policy = policy
  if (retry !== undefined) head.retry = retry
  return head
}

export function listRequest(bucket: string, options: s.PageOptions): RequestOf<'listKeys'> {
  const { prefix, delimiter, limit, startAfter, token } = options
  const head: RequestOf<'listKeys'> = { bucket }
  if (prefix !== undefined && prefix !== '') head.prefix = prefix
  if (delimiter !== undefined && delimiter !== '') head.delimiter = delimiter
  if (limit !== undefined) head.limit = Math.min(limit, limits.listLimitMax)
  if (startAfter !== undefined && startAfter !== '') head.startAfter = startAfter
  if (token !== undefined) head.token = token
  if (options.at !== undefined) head.at = hybridTimeOf(options.at)
  if (options.details !== undefined) head.details = options.details
  return head
}

export function bucketRequest(bucket: string, options: s.BucketOptions): RequestOf<'putBucket'> {
  const head: RequestOf<'putBucket'> = { bucket }
  if (options.replicas !== undefined) head.replicas = options.replicas
  if (options.readQuorum !== undefined) head.readQuorum = options.readQuorum
  if (options.writeQuorum !== undefined) head.writeQuorum = options.writeQuorum
  if (options.strict !== undefined) head.strict = options.strict
  if (options.policy !== undefined) head.policy = options.policy
  if (options.cutting !== undefined) head.cutting = options.cutting
  if (options.compression !== undefined) head.compression = options.compression
  if (options.versioning !== undefined) head.versioning = options.versioning
  if (options.publicRead !== undefined) head.publicRead = options.publicRead
  if (options.tags !== undefined) head.tags = Object.entries(options.tags)
  return head
}

/** Of a policy: what it belongs to. */
export function policyTarget({ bucket, key }: s.PolicyTarget): RequestOf<'getPolicy'> {
  return { ...(bucket === undefined ? undefined : { bucket }), ...(key === undefined ? undefined : { key }) }
}

export function tagRequest(
  bucket: string,
  key: string,
  { set = {}, clear = [] }: s.TagChanges,
  { versionId }: s.TagOptions,
): RequestOf<'setTags'> {
  const head: RequestOf<'setTags'> = { bucket, key, set: Object.entries(set), clear: [...clear] }
  if (versionId !== undefined) head.versionId = versionId
  return head
}

export function versionOf(options: {
  readonly versionId?: string | undefined
  readonly strict?: boolean | undefined
}): { versionId?: string; strict?: boolean } {
  const { versionId, strict } = options
  return {
    ...(versionId === undefined ? undefined : { versionId }),
    ...(strict === undefined ? undefined : { strict }),
  }
}

/** Only what bounds a call. */
export function limitsOf({ signal, timeoutMs }: s.CallOptions): Pick<s.CallOptions, 'signal' | 'timeoutMs'> {
  return { signal, timeoutMs }
}

/** Deadline of a transfer by shared path where the caller sets none, milliseconds. */
const sharedTransferMs = 60 * 60 * 1000

/**
 * No body passes the client, so that nothing shows it how far the server has come: the deadline is that of the
 * whole transfer. A server that dies is noticed by its connection.
 */
export function sharedLimits<T extends s.CallOptions>(options: T): T {
  return { ...options, timeoutMs: options.timeoutMs ?? sharedTransferMs }
}
