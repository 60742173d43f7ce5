import { TorcError } from '@torc/protocol/errors'
import type { StoredObject, VersionInfo } from '@torc/protocol/store/object-store'
import { sendBody } from '../../http/send-body.js'
import { S3Error } from '../errors/s3-error.js'
import {
  failedCondition,
  isAbsent,
  namesEtag,
  preconditionFailed,
  type ReadConditions,
  readConditions,
} from '../request/conditions.js'
import { numberOf, versionIdOf } from '../request/parameters.js'
import { type AskedRange, type ParsedRange, parseRange, partRange, resolvedRange } from '../request/range.js'
import { type AnswerHeaders, answerEmpty, defined, fitsHeader } from '../response/answer.js'
import { objectHeaders, quoted, shownVersionId } from '../response/object-headers.js'
import type { S3Call } from '../s3-call.js'
import { markerNotReadable, readFailure } from './read-failure.js'

export async function getObject(call: S3Call): Promise<void> {
  const asked = readAsked(call)
  const object = await opened(call, asked)
  try {
    if (answeredByCondition(call, asked.conditions, object)) {
      object.discard()
      return
    }
    const headers = await headersOf(call, asked, object)
    const { range, size } = object
    const [first, last] = range ?? [0, size - 1]
    call.response.writeHead(
      range === undefined ? 200 : 206,
      defined({
        ...headers,
        'content-length': last - first + 1,
        ...(range === undefined ? {} : { 'content-range': `bytes ${first}-${last}/${size}` }),
      }),
    )
  } catch (thrown) {
    object.discard()
    throw thrown
  }
  await sendBody(call.response, object.body, call.known.signal)
}

export async function headObject(call: S3Call): Promise<void> {
  const asked = readAsked(call)
  const info = await readHead(call, asked.versionId)
  if (answeredByCondition(call, asked.conditions, info)) return
  const parsed = wantedOf(asked, info)
  const range = parsed === undefined ? undefined : resolvedRange(parsed, info.size)
  if (parsed !== undefined && range === undefined) throw unsatisfiable(call, info.size)
  const [first, last] = range ?? [0, info.size - 1]
  call.response.writeHead(
    range === undefined ? 200 : 206,
    defined({
      ...(await headersOf(call, asked, info)),
      'content-length': last - first + 1,
      ...(range === undefined ? {} : { 'content-range': `bytes ${first}-${last}/${info.size}` }),
    }),
  )
  call.response.end()
}

/** What a request says of how it wants to read. */
interface Asked {
  readonly versionId: string | undefined
  readonly range: ParsedRange
  readonly ifRange: string | undefined
  readonly partNumber: number | undefined
  readonly conditions: ReadConditions
  /** `response-…`: headers as the reader wants them. */
  readonly overrides: AnswerHeaders
}

function readAsked(call: S3Call): Asked {
  const range = parseRange(call.header('range'))
  const partNumber = numberOf(call, 'partNumber', 1, 10_000)
  if (range !== undefined && partNumber !== undefined) {
    throw new S3Error('InvalidRequest', {
      message: 'Cannot specify both Range header and partNumber query parameter',
    })
  }
  return {
    versionId: versionIdOf(call),
    range,
    ifRange: call.header('if-range'),
    partNumber,
    conditions: readConditions(call),
    overrides: overridesOf(call),
  }
}

const overridable = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
] as const

function overridesOf(call: S3Call): AnswerHeaders {
  const overrides: Record<string, string> = {}
  for (const name of overridable) {
    const value = call.query(`response-${name}`)
    if (value === undefined || value === '') continue
    if (call.signer === undefined) {
      throw new S3Error('InvalidRequest', {
        message: 'Request specific response headers cannot be used for anonymous GET requests.',
      })
    }
    if (!fitsHeader(value)) throw new S3Error('InvalidArgument', { message: `response-${name} is no header` })
    overrides[name] = value
  }
  return overrides
}

/** Attempts at an object that others keep overwriting. */
const attemptsMax = 5

/** One that was looked at and then replaced, in a bucket that keeps no versions, is looked at anew. */
async function opened(call: S3Call, asked: Asked): Promise<StoredObject> {
  for (let attempt = 1; ; attempt++) {
    const { wanted, pinned } = await lookedUp(call, asked)
    if (wanted === 'none') throw unsatisfiable(call, (await readHead(call, asked.versionId)).size)
    try {
      return await readBody(call, wanted, pinned?.versionId ?? asked.versionId)
    } catch (thrown) {
      const last = pinned === undefined || asked.versionId !== undefined || attempt === attemptsMax
      if (last || !isAbsent(thrown)) throw thrown
    }
  }
}

interface LookedUp {
  readonly wanted: AskedRange | 'none' | undefined
  /** The version that was looked at, which is then the one that is read. */
  readonly pinned: VersionInfo | undefined
}

/** What is read before the body is: parts and `If-Range` need to know the version. */
async function lookedUp(call: S3Call, asked: Asked): Promise<LookedUp> {
  const { range, ifRange, partNumber, versionId } = asked
  if (partNumber === undefined && (ifRange === undefined || range === undefined))
    return { wanted: range, pinned: undefined }
  const pinned = await readHead(call, versionId)
  return { wanted: wantedOf(asked, pinned), pinned }
}

/** The bytes that are wanted of a version. InvalidPartNumber where it has no such part. */
function wantedOf({ range, ifRange, partNumber }: Asked, info: VersionInfo): ParsedRange {
  if (partNumber !== undefined) {
    const part = partRange(partNumber, info.size, info.parts)
    if (part === undefined) throw new S3Error('InvalidPartNumber')
    return info.size === 0 ? undefined : part
  }
  if (ifRange === undefined) return range
  const isDate = !Number.isNaN(Date.parse(ifRange)) && !ifRange.includes('"')
  const same = isDate
    ? Math.floor(info.createdAt.getTime() / 1000) * 1000 === Date.parse(ifRange)
    : namesEtag(ifRange, info.etag)
  return same ? range : undefined
}

/** The version's head. A delete marker is no object. */
async function readHead(call: S3Call, versionId: string | undefined): Promise<VersionInfo> {
  let info: VersionInfo
  try {
    info = await call.store.head(call.bucket, call.key, { ...call.options, versionId })
  } catch (thrown) {
    throw await readFailure(call, thrown, versionId)
  }
  if (info.kind === 'marker') throw markerNotReadable(info.createdAt, versionId ?? info.versionId)
  return info
}

async function readBody(
  call: S3Call,
  range: AskedRange | undefined,
  versionId: string | undefined,
): Promise<StoredObject> {
  try {
    return await call.store.get(call.bucket, call.key, { ...call.options, versionId, range })
  } catch (thrown) {
    const details = TorcError.from(thrown).details
    if (details?.['range'] === 'unsatisfiable') throw unsatisfiable(call, Number(details['size']))
    throw await readFailure(call, thrown, versionId)
  }
}

function unsatisfiable(call: S3Call, size: number): S3Error {
  return new S3Error('InvalidRange', {
    elements: { RangeRequested: (call.header('range') ?? '').slice(0, 128), ActualObjectSize: String(size) },
    headers: { 'content-range': `bytes */${size}` },
  })
}

/** Whether the answer was that nothing changed. PreconditionFailed where a condition does not hold. */
function answeredByCondition(call: S3Call, conditions: ReadConditions, info: VersionInfo): boolean {
  const failed = failedCondition(conditions, info)
  if (failed === 'precondition')
    throw preconditionFailed(conditions.ifMatch === undefined ? 'If-Unmodified-Since' : 'If-Match')
  if (failed === undefined) return false
  answerEmpty(call, 304, { etag: quoted(info.etag), 'last-modified': info.createdAt.toUTCString() })
  return true
}

async function headersOf(call: S3Call, asked: Asked, info: VersionInfo): Promise<AnswerHeaders> {
  const versioning = info.isNull
    ? await call.buckets.versioning(call.store, call.bucket, call.options)
    : 'enabled'
  const partial = asked.range !== undefined || asked.partNumber !== undefined
  const withChecksum = call.header('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED' && !partial
  const parts = asked.partNumber === undefined ? undefined : info.parts?.length
  return {
    ...objectHeaders(info, shownVersionId(info, versioning), withChecksum),
    'x-amz-mp-parts-count': parts,
    ...asked.overrides,
  }
}
