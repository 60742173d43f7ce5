import { limits } from '@torc/protocol/limits'
import type { RouteParameter } from '../routes/route.js'

const text = { type: 'string' }
const flag = { type: 'boolean' }

const query = (name: string, schema: RouteParameter['schema'], doc: string): RouteParameter => ({
  ...{ name, in: 'query', schema, doc },
})
const header = (name: string, doc: string, schema: RouteParameter['schema'] = text): RouteParameter => ({
  ...{ name, in: 'header', schema, doc },
})

export const whichVersion: readonly RouteParameter[] = [
  query('versionId', text, 'This version; a unique beginning of its id suffices'),
  query('at', text, 'The object as it was then: ISO 8601, or a span such as `10m`, which is that long ago'),
  query('strict', flag, 'UNAVAILABLE rather than an answer that may miss what only a silent agent holds'),
]

export const readHeaders: readonly RouteParameter[] = [
  header('Range', 'One range of bytes: `bytes=0-99`, `bytes=100-`, `bytes=-100`'),
  header('If-Match', 'Only where the etag is one of these; else 412'),
  header('If-None-Match', 'Only where the etag is none of these; else 304'),
  header('If-Modified-Since', 'Only where it was stored later; else 304'),
  header('If-Unmodified-Since', 'Only where it was not stored later; else 412'),
  header('If-Range', 'Range counts only where the etag is this one'),
]

export const changeHeaders: readonly RouteParameter[] = [
  header('x-torc-context', 'The context of a GET: what was written since then survives beside this change'),
  header(
    'x-torc-operation-id',
    '32 hexadecimal digits that name this change, so that a repeated one counts once',
  ),
  header('x-torc-retry', '`true`: the change was sent before under this operation id'),
]

export const storeHeaders: readonly RouteParameter[] = [
  header(
    'x-torc-policy',
    'Retention policy of the key from now on: `all`, `latest`, `global:N`, `dynamic:N`, `inherit`',
  ),
  header('x-torc-strict', '`true`: only what the owners themselves have stored counts'),
]

export const writeHeaders: readonly RouteParameter[] = [
  ...changeHeaders,
  ...storeHeaders,
  header('Content-Type', 'Kept with the object'),
  header('x-torc-meta-NAME', 'Metadata of the object, any number of names'),
  header('If-Match', 'Only over the version with this id or etag; else 412'),
  header('If-None-Match', '`*`: only where there is no object of this key; else 412'),
]

export const deleteQuery: readonly RouteParameter[] = [
  query('versionId', text, 'Remove only this version, for good'),
  query('marker', flag, 'Add a delete marker instead: older versions stay'),
]

export const pageQuery: readonly RouteParameter[] = [
  query('token', text, 'Of the page before: this one begins where that ended'),
  query('limit', { type: 'integer', minimum: 1, maximum: limits.listLimitMax }, 'Most entries of a page'),
]

export const listQuery: readonly RouteParameter[] = [
  query('prefix', text, 'Only keys that begin so'),
  query('delimiter', text, 'Keys that go on after the next one of these are one entry of `prefixes`'),
  ...pageQuery,
  query('startAfter', text, 'Only keys behind this one'),
  query('versions', flag, 'All versions and delete markers, newest first'),
  query('at', text, 'As it was then'),
]

export const formQuery: readonly RouteParameter[] = [
  query('prefix', text, 'Before the file names, as `photos/2026/`'),
]

export const forceQuery: readonly RouteParameter[] = [query('force', flag, 'With everything that is in it')]
