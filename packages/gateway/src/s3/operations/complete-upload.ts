import { createHash } from 'node:crypto'
import { TorcError } from '@torc/protocol/errors'
import type { PartInfo } from '@torc/protocol/store/multipart'
import type { PutResult, VersionInfo } from '@torc/protocol/store/object-store'
import { algorithmNames, algorithmOfHeader, checksumAlgorithms } from '../checksums/algorithms.js'
import { joinedChecksums } from '../checksums/joined-checksums.js'
import { storedChecksum } from '../checksums/stored-checksums.js'
import { invalidArgument, S3Error } from '../errors/s3-error.js'
import { unquoted, writeConditions } from '../request/conditions.js'
import { uploadIdOf } from '../request/parameters.js'
import type { MetadataPair } from '../request/stored-names.js'
import { quoted, siblingsHeader, writtenVersionId } from '../response/object-headers.js'
import { answerSlowly, type SlowAnswer } from '../response/slow-answer.js'
import type { S3Call } from '../s3-call.js'
import { childrenOf, childText, malformed, neededText, type ReadElement } from '../xml/xml-reader.js'
import type { XmlElement } from '../xml/xml-writer.js'
import { checksumElements } from './copy-object.js'
import { partNumberMax } from './parts.js'

/** Least size of all parts but the last one. */
const partBytesMin = 5 * 1024 * 1024
/** Patience with the references of thousands of parts, milliseconds. */
const completeMsMax = 10 * 60 * 1000

interface NamedPart {
  readonly partNumber: number
  readonly etag: string
  /** By the names of their elements, base64. */
  readonly checksums: readonly (readonly [element: string, value: string])[]
}

export async function completeMultipartUpload(call: S3Call): Promise<void> {
  const uploadId = uploadIdOf(call)
  // Checksums in its headers are those of the object.
  const document = await call.documentWithoutChecksum('CompleteMultipartUpload')
  const named = childrenOf(document, 'Part').map(readPart)
  checkOrder(named)
  const conditions = await writeConditions(call)
  await answerSlowly(call, async () => {
    const parts = await partsNamed(call, uploadId, named)
    const metadata = parts === undefined ? [] : joinedChecksums(parts)
    if (parts !== undefined) checkWhole(call, parts, metadata)
    const result = await call.store.completeUpload(call.bucket, call.key, uploadId, named, {
      ...call.options,
      ...conditions,
      opId: operationId(uploadId, named),
      // Nobody knows whether this was asked before and the answer was lost: the same completion is found, not made twice.
      retry: true,
      timeoutMs: completeMsMax,
      etag: etagOfParts(named),
      metadata,
    })
    return completedAnswer(call, result)
  })
}

function readPart(element: ReadElement): NamedPart {
  const text = neededText(element, 'PartNumber').trim()
  const partNumber = Number(text)
  if (!/^\d{1,5}$/.test(text) || partNumber < 1 || partNumber > partNumberMax)
    throw invalidArgument(`PartNumber must be from 1 to ${partNumberMax}`, 'PartNumber', text)
  const checksums = algorithmNames.flatMap(algorithm => {
    const name = checksumAlgorithms[algorithm].element
    const value = childText(element, name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return { partNumber, etag: unquoted(neededText(element, 'ETag')), checksums }
}

function checkOrder(named: readonly NamedPart[]): void {
  if (named.length === 0) throw malformed('You must specify at least one part')
  for (const [index, { partNumber }] of named.entries())
    if (index > 0 && partNumber <= (named[index - 1]?.partNumber ?? 0)) throw new S3Error('InvalidPartOrder')
}

/** The parts that are named, as they were uploaded; undefined where the upload is not under way (any more). */
async function partsNamed(
  call: S3Call,
  uploadId: string,
  named: readonly NamedPart[],
): Promise<readonly PartInfo[] | undefined> {
  const there = new Map<number, PartInfo>()
  try {
    for await (const part of call.store.parts(call.bucket, call.key, uploadId, call.options))
      there.set(part.partNumber, part)
  } catch (thrown) {
    if (TorcError.from(thrown).code === 'UPLOAD_NOT_FOUND') return undefined
    throw thrown
  }
  return named.map((wanted, index) => {
    const part = there.get(wanted.partNumber)
    if (part === undefined || part.etag !== wanted.etag || !hasChecksums(part, wanted)) {
      const elements = {
        UploadId: uploadId,
        PartNumber: String(wanted.partNumber),
        ETag: wanted.etag.slice(0, 256),
      }
      throw new S3Error('InvalidPart', { elements })
    }
    if (part.size < partBytesMin && index < named.length - 1) {
      const elements = {
        ProposedSize: String(part.size),
        MinSizeAllowed: String(partBytesMin),
        PartNumber: String(part.partNumber),
        ETag: part.etag,
      }
      throw new S3Error('EntityTooSmall', { elements })
    }
    return part
  })
}

function hasChecksums({ metadata }: PartInfo, { checksums }: NamedPart): boolean {
  const stored = storedChecksum(metadata)
  return checksums.every(
    ([element, value]) =>
      stored !== undefined &&
      checksumAlgorithms[stored.algorithm].element === element &&
      stored.value === value,
  )
}

/** What the request says of the whole object. */
function checkWhole(call: S3Call, parts: readonly PartInfo[], metadata: readonly MetadataPair[]): void {
  const size = parts.reduce((sum, part) => sum + part.size, 0)
  const claimedSize = call.header('x-amz-mp-object-size')
  if (claimedSize !== undefined && claimedSize !== String(size)) {
    throw new S3Error('InvalidRequest', {
      message: `The provided x-amz-mp-object-size does not match the ${size} bytes of the parts.`,
    })
  }
  for (const name of Object.keys(call.request.headers)) {
    const algorithm = algorithmOfHeader(name)
    if (algorithm === undefined) continue
    const value = call.header(name) ?? ''
    // That of the parts' checksums comes with or without their number.
    const claimed = [value, `${value}-${parts.length}`]
    if (!metadata.some(([, joined]) => claimed.includes(joined))) {
      throw new S3Error('BadDigest', {
        message: `The ${algorithm} you specified did not match the calculated checksum.`,
      })
    }
  }
}

/** The MD5 of the parts' MD5s; of a part that was copied, whose MD5 nobody knows, its etag stands for it. */
function etagOfParts(parts: readonly NamedPart[]): string {
  const md5 = createHash('md5')
  for (const { etag } of parts) md5.update(/^[0-9a-f]{32}$/.test(etag) ? Buffer.from(etag, 'hex') : etag)
  return `${md5.digest('hex')}-${parts.length}`
}

/** The same for the same completion, however often it is asked for. */
function operationId(uploadId: string, parts: readonly NamedPart[]): Uint8Array {
  const hash = createHash('sha256').update(`complete ${uploadId}`)
  for (const { partNumber, etag } of parts) hash.update(`\0${partNumber} ${etag}`)
  return hash.digest().subarray(0, 16)
}

async function completedAnswer(call: S3Call, result: PutResult): Promise<SlowAnswer> {
  const { bucket, key, store, options } = call
  const { versionId } = result
  let info: VersionInfo | undefined
  try {
    // Which of its checksums the object shows was said when the upload began.
    info = await store.head(bucket, key, { ...options, versionId })
  } catch (thrown) {
    const { code } = TorcError.from(thrown)
    // It is complete, whatever became of it since, and whether or not its writer may read it.
    if (!['VERSION_NOT_FOUND', 'VERSION_REMOVED', 'KEY_NOT_FOUND', 'DENIED'].includes(code)) throw thrown
  }
  const versioning = await call.buckets.versioning(store, bucket, options)
  const document: XmlElement = [
    'CompleteMultipartUploadResult',
    [
      ['Location', call.location],
      ['Bucket', bucket],
      ['Key', key],
      ['ETag', quoted(result.etag)],
      ...(info === undefined ? [] : checksumElements(info)),
    ],
  ]
  const headers = { 'x-amz-version-id': writtenVersionId(versionId, versioning) }
  return { document, headers: { ...headers, ...siblingsHeader(result.siblings) } }
}
