import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import { makeOperationId, operationIdBytes } from '@torc/protocol/identifiers/operation-id'
import { bucketName, keyText } from '@torc/protocol/messages/fields'
import { checkedFacts } from '@torc/protocol/store/late-facts'
import type * as s from '@torc/protocol/store/object-store'
import { conditionOf } from '../core/condition-fields.js'
import { hybridTimeOf } from '../flows/past-time.js'
import { tagPairs } from './tag-pairs.js'

/*
 * Operations from the options of calls in the coordinator's own process. Its callers are not checked by the message table.
 */

export function readOperation(bucket: string, key: string, options: s.GetOptions) {
  const { versionId, at, strict, timeoutMs, signal } = options
  return {
    bucket: bucketName.check(bucket, 'bucket'),
    key: keyText.check(key, 'key'),
    versionId,
    at: at === undefined ? undefined : hybridTimeOf(at),
    strict,
    timeoutMs,
    signal,
  }
}

export function writeOperation<K extends string | undefined>(
  random: Random,
  bucket: string,
  key: K,
  options: s.PutOptions,
) {
  const { contentType, context, policy, retry = false, strict, timeoutMs, signal } = options
  const { etag, metadata } = checkedFacts(options)
  const tags = tagPairs(options.tags)
  const opId = checkedOperationId(options, random)
  if (key !== undefined) keyText.check(key, 'key')
  return {
    bucket: bucketName.check(bucket, 'bucket'),
    key,
    opId,
    etag,
    contentType,
    metadata,
    tags,
    context,
    condition: conditionOf(options, context),
    policy,
    retry,
    strict,
    timeoutMs,
    signal,
  }
}

export function policyOperation({ bucket, key }: s.PolicyTarget, { timeoutMs, signal }: s.CallOptions) {
  return {
    bucket: bucket === undefined ? undefined : bucketName.check(bucket, 'bucket'),
    key: key === undefined ? undefined : keyText.check(key, 'key'),
    timeoutMs,
    signal,
  }
}

/** The caller's operation id, or a new one. */
export function checkedOperationId({ opId }: s.CallOptions, random: Random): Uint8Array {
  if (opId === undefined) return makeOperationId(random)
  if (opId.length === operationIdBytes) return opId
  throw new TorcError('BAD_REQUEST', `an operation id has ${operationIdBytes} bytes, not ${opId.length}`)
}
