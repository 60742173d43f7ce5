import type { VersionInfo } from '@torc/protocol/store/object-store'
import { checksumAlgorithms } from '../checksums/algorithms.js'
import { storedChecksum } from '../checksums/stored-checksums.js'
import { invalidArgument, S3Error } from '../errors/s3-error.js'
import { versionIdOf } from '../request/parameters.js'
import { answerXml } from '../response/answer.js'
import { shownVersionId } from '../response/object-headers.js'
import type { S3Call } from '../s3-call.js'
import type { XmlElement } from '../xml/xml-writer.js'
import { markerNotReadable, readFailure } from './read-failure.js'

const attributes = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const
type Attribute = (typeof attributes)[number]
const partsMax = 1000

export async function getObjectAttributes(call: S3Call): Promise<void> {
  const wanted = wantedAttributes(call)
  const versionId = versionIdOf(call)
  let info: VersionInfo
  try {
    info = await call.store.head(call.bucket, call.key, { ...call.options, versionId })
  } catch (thrown) {
    throw await readFailure(call, thrown, versionId)
  }
  if (info.kind === 'marker') throw markerNotReadable(info.createdAt, versionId ?? info.versionId)
  const versioning = await call.buckets.versioning(call.store, call.bucket, call.options)
  answerXml(
    call,
    ['GetObjectAttributesResponse', attributes.filter(name => wanted.has(name)).flatMap(elementOf)],
    {
      'last-modified': info.createdAt.toUTCString(),
      'x-amz-version-id': shownVersionId(info, versioning),
    },
  )

  function elementOf(name: Attribute): XmlElement[] {
    switch (name) {
      case 'ETag':
        return [['ETag', info.etag]]
      case 'Checksum':
        return checksumElement(info)
      case 'ObjectParts':
        return partsElement(call, info)
      case 'StorageClass':
        return [['StorageClass', 'STANDARD']]
      case 'ObjectSize':
        return [['ObjectSize', info.size]]
    }
  }
}

function wantedAttributes(call: S3Call): ReadonlySet<string> {
  const header = call.header('x-amz-object-attributes')
  if (header === undefined || header === '') {
    throw new S3Error('InvalidRequest', {
      message: 'Missing required header for this request: x-amz-object-attributes',
    })
  }
  const wanted = header.split(',').map(name => name.trim())
  const unknown = wanted.find(name => !attributes.some(known => known === name))
  if (unknown !== undefined)
    throw invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes', unknown)
  return new Set(wanted)
}

function checksumElement(info: VersionInfo): XmlElement[] {
  const checksum = storedChecksum(info.metadata)
  if (checksum === undefined) return []
  const { algorithm, value, type } = checksum
  // S3 leaves the number of parts out here.
  const bare = type === 'COMPOSITE' ? value.replace(/-\d+$/, '') : value
  return [
    [
      'Checksum',
      [
        [checksumAlgorithms[algorithm].element, bare],
        ['ChecksumType', type],
      ],
    ],
  ]
}

function partsElement(call: S3Call, { parts }: VersionInfo): XmlElement[] {
  if (parts === undefined) return []
  const max = headerNumber(call, 'x-amz-max-parts') ?? partsMax
  const marker = headerNumber(call, 'x-amz-part-number-marker') ?? 0
  const shown = parts.slice(marker, marker + Math.min(max, partsMax))
  const last = marker + shown.length
  return [
    [
      'ObjectParts',
      [
        ['PartsCount', parts.length],
        ['PartNumberMarker', marker],
        ['NextPartNumberMarker', last],
        ['MaxParts', max],
        ['IsTruncated', last < parts.length],
        ...shown.map(
          (size, index): XmlElement => [
            'Part',
            [
              ['PartNumber', marker + index + 1],
              ['Size', size],
            ],
          ],
        ),
      ],
    ],
  ]
}

function headerNumber(call: S3Call, name: string): number | undefined {
  const text = call.header(name)
  if (text === undefined) return undefined
  if (!/^\d{1,9}$/.test(text)) throw invalidArgument(`${name} must be a number`, name, text)
  return Number(text)
}
