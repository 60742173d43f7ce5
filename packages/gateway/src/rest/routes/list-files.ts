import { listRecord } from '@torc/client/output/records'
import { limits } from '@torc/protocol/limits'
import type { RestAnswer, RestCall } from '../rest-call.js'
import { flagOf, numberOf, textOf, timeOf } from './query.js'

/** One page of a bucket's keys, or of all versions. */
export async function listFiles({
  store,
  bucket,
  query,
  signal,
  environment,
}: RestCall): Promise<RestAnswer> {
  const prefix = textOf(query, 'prefix')
  const page = await store.listPage(bucket, flagOf(query, 'versions') ? 'versions' : 'keys', {
    prefix,
    delimiter: textOf(query, 'delimiter'),
    limit: numberOf(query, 'limit', 1, limits.listLimitMax),
    startAfter: textOf(query, 'startAfter'),
    token: textOf(query, 'token'),
    at: timeOf(query, 'at', environment.clock),
    signal,
  })
  return {
    status: 200,
    json: {
      success: true,
      bucket,
      prefix: prefix ?? '',
      files: page.entries.filter(entry => !('prefix' in entry)).map(listRecord),
      prefixes: page.entries.flatMap(entry => ('prefix' in entry ? [entry.prefix] : [])),
      token: page.token ?? null,
    },
  }
}
