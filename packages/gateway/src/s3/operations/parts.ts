import { checksumAlgorithms } from '../checksums/algorithms.js'
import { checksumHeaders, storedChecksum } from '../checksums/stored-checksums.js'
import { invalidArgument, S3Error } from '../errors/s3-error.js'
import { copySourceOf } from '../request/copy-source.js'
import { numberOf, pageSizeOf, uploadIdOf } from '../request/parameters.js'
import { resolvedRange } from '../request/range.js'
import { answerEmpty, answerXml } from '../response/answer.js'
import { quoted } from '../response/object-headers.js'
import { ownerElement } from '../response/owner.js'
import type { S3Call } from '../s3-call.js'
import type { XmlElement } from '../xml/xml-writer.js'
import { sourceVersionId, withSource } from './copy-object.js'
import { checksumOf, sealOf, storeBody } from './put-object.js'

export const partNumberMax = 10_000

export async function uploadPart(call: S3Call): Promise<void> {
  const partNumber = partNumberOf(call)
  const body = call.body()
  const { etag } = await storeBody(body, () =>
    call.store.uploadPart(call.bucket, call.key, uploadIdOf(call), partNumber, body, {
      ...call.options,
      size: body.size,
      seal: () => sealOf(body),
    }),
  )
  const { 'x-amz-checksum-type': _, ...headers } = checksumHeaders(checksumOf(body))
  answerEmpty(call, 200, { etag: quoted(etag), ...headers })
}

export async function uploadPartCopy(call: S3Call): Promise<void> {
  const partNumber = partNumberOf(call)
  const uploadId = uploadIdOf(call)
  const source = copySourceOf(call)
  const [info, part] = await withSource(call, source, (info, pinned) => {
    const range = sourceRange(call, info.size)
    const options = { ...call.options, range }
    return call.store.copyPart(call.bucket, call.key, uploadId, partNumber, pinned, options)
  })
  answerXml(
    call,
    [
      'CopyPartResult',
      [
        ['LastModified', new Date(call.clock.nowMs())],
        ['ETag', quoted(part.etag)],
      ],
    ],
    { 'x-amz-copy-source-version-id': await sourceVersionId(call, source, info) },
  )
}

/** Unlike a read's, the range of a copy must be whole and within the source. */
function sourceRange(call: S3Call, size: number): readonly [number, number] | undefined {
  const header = call.header('x-amz-copy-source-range')
  if (header === undefined) return undefined
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header) ?? []
  const range =
    first === undefined || last === undefined ? undefined : resolvedRange([Number(first), Number(last)], size)
  if (range === undefined || range[1] !== Number(last)) {
    throw invalidArgument(
      `The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy, within the ${size} bytes of the source`,
      'x-amz-copy-source-range',
      header,
    )
  }
  return range
}

function partNumberOf(call: S3Call): number {
  const partNumber = numberOf(call, 'partNumber', 1, partNumberMax)
  if (partNumber === undefined)
    throw new S3Error('InvalidArgument', { message: 'The parameter partNumber is missing' })
  return partNumber
}

export async function listParts(call: S3Call): Promise<void> {
  const uploadId = uploadIdOf(call)
  const marker = numberOf(call, 'part-number-marker', 0, partNumberMax) ?? 0
  const max = pageSizeOf(call, 'max-parts')
  const page = await call.store.partPage(call.bucket, call.key, uploadId, {
    ...call.options,
    partNumberMarker: marker,
    limit: Math.max(1, max),
  })
  const parts = max === 0 ? [] : page.parts
  const next = max === 0 ? undefined : page.nextPartNumberMarker
  answerXml(call, [
    'ListPartsResult',
    [
      ['Bucket', call.bucket],
      ['Key', call.key],
      ['UploadId', uploadId],
      ['PartNumberMarker', marker],
      ['NextPartNumberMarker', next ?? parts.at(-1)?.partNumber ?? 0],
      ['MaxParts', max],
      ['IsTruncated', next !== undefined],
      ...parts.map((part): XmlElement => {
        const checksum = storedChecksum(part.metadata)
        return [
          'Part',
          [
            ['PartNumber', part.partNumber],
            ['LastModified', part.createdAt],
            ['ETag', quoted(part.etag)],
            ['Size', part.size],
            ...(checksum === undefined
              ? []
              : ([[checksumAlgorithms[checksum.algorithm].element, checksum.value]] as const)),
          ],
        ]
      }),
      ownerElement('Initiator'),
      ownerElement(),
      ['StorageClass', 'STANDARD'],
    ],
  ])
}
