import {
  algorithmNamed,
  type ChecksumAlgorithm,
  type ChecksumType,
  checksumTypes,
} from '../checksums/algorithms.js'
import { defaultType, typePair } from '../checksums/stored-checksums.js'
import { invalidArgument, S3Error } from '../errors/s3-error.js'
import { readNewObject } from '../request/new-object.js'
import { pageSizeOf, uploadIdOf } from '../request/parameters.js'
import { refuseObjectAcl } from '../request/refused-headers.js'
import { answerEmpty, answerXml } from '../response/answer.js'
import { ownerElement } from '../response/owner.js'
import type { S3Call } from '../s3-call.js'
import type { XmlElement } from '../xml/xml-writer.js'
import { keyEncodingOf } from './listing-elements.js'

export async function createMultipartUpload(call: S3Call): Promise<void> {
  refuseObjectAcl(call.header('x-amz-acl'))
  const object = readNewObject(call)
  const checksum = announcedChecksum(call)
  const metadata = checksum === undefined ? object.metadata : [...object.metadata, typePair(checksum.type)]
  const { uploadId } = await call.store.createUpload(call.bucket, call.key, {
    ...call.options,
    ...object,
    metadata,
  })
  answerXml(
    call,
    [
      'InitiateMultipartUploadResult',
      [
        ['Bucket', call.bucket],
        ['Key', call.key],
        ['UploadId', uploadId],
      ],
    ],
    checksum === undefined
      ? {}
      : { 'x-amz-checksum-algorithm': checksum.algorithm, 'x-amz-checksum-type': checksum.type },
  )
}

interface AnnouncedChecksum {
  readonly algorithm: ChecksumAlgorithm
  readonly type: ChecksumType
}

/** Which checksum the object is to show. What a hash makes of parts can't be joined to that of the whole. */
function announcedChecksum(call: S3Call): AnnouncedChecksum | undefined {
  const named = call.header('x-amz-checksum-algorithm')
  const typed = call.header('x-amz-checksum-type')
  if (named === undefined) {
    if (typed === undefined) return undefined
    throw new S3Error('InvalidRequest', {
      message: 'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    })
  }
  const algorithm = algorithmNamed(named)
  if (algorithm === undefined)
    throw invalidArgument('Checksum algorithm provided is unsupported.', 'x-amz-checksum-algorithm', named)
  const type = typed === undefined ? defaultType(algorithm) : checksumTypes.find(known => known === typed)
  if (type === undefined)
    throw invalidArgument('The checksum type is not known.', 'x-amz-checksum-type', typed)
  const isHash = algorithm === 'SHA1' || algorithm === 'SHA256'
  if ((type === 'FULL_OBJECT' && isHash) || (type === 'COMPOSITE' && algorithm === 'CRC64NVME')) {
    throw new S3Error('InvalidRequest', {
      message: `The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
    })
  }
  return { algorithm, type }
}

export async function abortMultipartUpload(call: S3Call): Promise<void> {
  await call.store.abortUpload(call.bucket, call.key, uploadIdOf(call), call.options)
  answerEmpty(call, 204)
}

export async function listMultipartUploads(call: S3Call): Promise<void> {
  const encode = keyEncodingOf(call)
  const prefix = call.query('prefix')
  const delimiter = call.query('delimiter') === '' ? undefined : call.query('delimiter')
  const key = call.query('key-marker') ?? ''
  const uploadId = call.query('upload-id-marker') ?? ''
  const max = pageSizeOf(call, 'max-uploads')
  const page = await call.store.uploadPage(call.bucket, {
    ...call.options,
    prefix,
    delimiter,
    limit: Math.max(1, max),
    marker: key === '' ? undefined : { key, ...(uploadId === '' ? {} : { uploadId }) },
  })
  const { uploads, prefixes, nextMarker } = max === 0 ? emptyPage : page
  answerXml(call, [
    'ListMultipartUploadsResult',
    [
      ['Bucket', call.bucket],
      ['KeyMarker', encode(key)],
      ['UploadIdMarker', uploadId],
      ['NextKeyMarker', nextMarker === undefined ? undefined : encode(nextMarker.key)],
      ['NextUploadIdMarker', nextMarker?.uploadId],
      ['Prefix', prefix === undefined ? undefined : encode(prefix)],
      ['Delimiter', delimiter === undefined ? undefined : encode(delimiter)],
      ['EncodingType', call.query('encoding-type')],
      ['MaxUploads', max],
      ['IsTruncated', nextMarker !== undefined],
      // One that is ending was completed or aborted: S3 would not list it any more.
      ...uploads
        .filter(({ state }) => state === 'open')
        .map(
          (upload): XmlElement => [
            'Upload',
            [
              ['Key', encode(upload.key)],
              ['UploadId', upload.uploadId],
              ownerElement('Initiator'),
              ownerElement(),
              ['StorageClass', 'STANDARD'],
              ['Initiated', upload.createdAt],
            ],
          ],
        ),
      ...prefixes.map((common): XmlElement => ['CommonPrefixes', [['Prefix', encode(common)]]]),
    ],
  ])
}

const emptyPage = { uploads: [], prefixes: [], nextMarker: undefined } as const
