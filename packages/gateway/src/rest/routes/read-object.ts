import { TorcError } from '@torc/protocol/errors'
import type { VersionInfo } from '@torc/protocol/store/object-store'
import { hasReadConditions, judgeRead, rangeApplies } from '../headers/conditions.js'
import { objectHeaders, validators } from '../headers/object-headers.js'
import { rangeOf } from '../headers/range.js'
import type { RestAnswer, RestCall } from '../rest-call.js'
import { flagOf, textOf, timeOf } from './query.js'

/** GET and HEAD of an object: the latest head, a version, or what it was at a time; conditions and one range. */
export async function readObject(call: RestCall): Promise<RestAnswer> {
  const { request, store, bucket, key, query, signal, environment } = call
  const { headers } = request
  const strict = flagOf(query, 'strict') || undefined
  const versionId = textOf(query, 'versionId')
  const at = timeOf(query, 'at', environment.clock)
  const which = { versionId, at, strict, signal }
  if (request.method === 'HEAD') {
    const info = object(await store.head(bucket, key, which))
    return decided(call, info) ?? { status: 200, headers: objectHeaders(info), object: info }
  }
  let range = rangeOf(headers.range)
  let wanted: typeof which = which
  if (hasReadConditions(headers)) {
    const info = object(await store.head(bucket, key, which))
    const answer = decided(call, info)
    if (answer !== undefined) return answer
    if (!rangeApplies(headers, info)) range = undefined
    // Of the version that was judged, whatever is written meanwhile.
    wanted = { versionId: info.versionId, at: undefined, strict, signal }
  }
  const found = await store.get(bucket, key, { ...wanted, range })
  try {
    object(found)
    return {
      status: found.range === undefined ? 200 : 206,
      headers: objectHeaders(found),
      object: found,
    }
  } catch (thrown) {
    found.discard()
    throw thrown
  }
}

/** The answer where the conditions leave nothing to send. */
function decided({ request }: RestCall, info: VersionInfo): RestAnswer | undefined {
  const verdict = judgeRead(request.headers, info)
  if (verdict === 'send') return undefined
  if (verdict === 'not modified') return { status: 304, headers: validators(info), empty: true }
  throw new TorcError(
    'CONDITION_FAILED',
    `${info.bucket}/${info.key} is not as If-Match or If-Unmodified-Since want it`,
  )
}

/** A delete marker that a version id names is there, but there is nothing to read. */
function object<I extends VersionInfo>(info: I): I {
  if (info.kind === 'object') return info
  throw new TorcError(
    'KEY_NOT_FOUND',
    `version ${info.versionId} of ${info.bucket}/${info.key} is a delete marker`,
    {
      details: { context: info.context },
    },
  )
}
