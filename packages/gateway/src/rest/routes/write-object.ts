import type { IncomingMessage } from 'node:http'
import { TorcError } from '@torc/protocol/errors'
import type { CallOptions, PutOptions } from '@torc/protocol/store/object-store'
import { putAnswer } from '../answers/put-answer.js'
import { writeConditionsOf } from '../headers/conditions.js'
import { metadataOf } from '../headers/metadata.js'
import type { RestAnswer, RestCall } from '../rest-call.js'
import { flagOf, textOf } from './query.js'

/** PUT: the request's body is the object's. */
export async function putObject({ request, store, bucket, key, signal }: RestCall): Promise<RestAnswer> {
  const { headers } = request
  if (headers['content-range'] !== undefined)
    throw new TorcError('BAD_REQUEST', 'a part of an object can not be replaced: send the whole of it')
  const result = await store.put(bucket, key, request, {
    ...writeOptionsOf(headers),
    ...writeConditionsOf(headers),
    contentType: headers['content-type'],
    metadata: metadataOf(request),
    context: oneOf(headers['x-torc-context']),
    size: sizeOf(headers),
    signal,
  })
  return { status: 200, headers: { etag: `"${result.etag}"` }, json: putAnswer(result) }
}

export async function deleteObject(call: RestCall): Promise<RestAnswer> {
  const { request, store, bucket, key, query, signal } = call
  const { headers } = request
  if (headers['if-match'] !== undefined || headers['if-none-match'] !== undefined) {
    throw new TorcError('BAD_REQUEST', 'DELETE takes no If-Match', {
      hint: 'Send the context that a GET gave in x-torc-context: what was written since survives.',
    })
  }
  const {
    bucket: _,
    key: __,
    ...result
  } = await store.delete(bucket, key, {
    ...operationOf(headers),
    versionId: textOf(query, 'versionId'),
    marker: flagOf(query, 'marker') || undefined,
    context: oneOf(headers['x-torc-context']),
    signal,
  })
  const { removed, marker, context } = result
  return { status: 200, json: { success: true, bucket, key, removed, marker: marker ?? null, context } }
}

/** Options of any write, that of a form too. */
export function writeOptionsOf(
  headers: IncomingMessage['headers'],
): Pick<PutOptions, 'policy' | 'strict' | 'opId' | 'retry'> {
  return {
    ...operationOf(headers),
    policy: oneOf(headers['x-torc-policy']),
    strict: oneOf(headers['x-torc-strict']) === 'true' ? true : undefined,
  }
}

/** A client that repeats a request under its operation id does not write twice. */
function operationOf(headers: IncomingMessage['headers']): Pick<CallOptions, 'opId' | 'retry'> {
  const given = oneOf(headers['x-torc-operation-id'])
  if (given === undefined) return {}
  if (!/^[0-9a-fA-F]{32}$/.test(given))
    throw new TorcError('BAD_REQUEST', 'x-torc-operation-id must be 32 hexadecimal digits')
  return {
    opId: Buffer.from(given, 'hex'),
    retry: oneOf(headers['x-torc-retry']) === 'true' ? true : undefined,
  }
}

function sizeOf({ 'content-length': length }: IncomingMessage['headers']): number | undefined {
  return length === undefined ? undefined : Number(length)
}

function oneOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value === '' ? undefined : value
}
