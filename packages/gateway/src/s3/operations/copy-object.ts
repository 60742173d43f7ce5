import type { CopySource, VersionInfo } from '@torc/protocol/store/object-store'
import { algorithmNamed, checksumAlgorithms } from '../checksums/algorithms.js'
import { storedChecksum } from '../checksums/stored-checksums.js'
import { invalidArgument, S3Error } from '../errors/s3-error.js'
import {
  failedCondition,
  isAbsent,
  preconditionFailed,
  sourceConditions,
  writeConditions,
} from '../request/conditions.js'
import { copySourceOf, type NamedSource } from '../request/copy-source.js'
import { readNewObject } from '../request/new-object.js'
import { refuseObjectAcl } from '../request/refused-headers.js'
import { s3Prefix } from '../request/stored-names.js'
import { answerXml } from '../response/answer.js'
import { quoted, shownVersionId, siblingsHeader, writtenVersionId } from '../response/object-headers.js'
import type { S3Call } from '../s3-call.js'
import type { XmlElement } from '../xml/xml-writer.js'

export async function copyObject(call: S3Call): Promise<void> {
  refuseObjectAcl(call.header('x-amz-acl'))
  const source = copySourceOf(call)
  const replacesMetadata = isReplace(call, 'x-amz-metadata-directive')
  const replacesTags = isReplace(call, 'x-amz-tagging-directive')
  const object = readNewObject(call)
  const itself = source.bucket === call.bucket && source.key === call.key
  if (itself && source.versionId === undefined && !replacesMetadata && !replacesTags) {
    throw new S3Error('InvalidRequest', {
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    })
  }
  const conditions = await writeConditions(call)
  const [info, result] = await withSource(call, source, (info, pinned) => {
    checkAlgorithm(call, info)
    const kept = info.metadata.filter(([name]) => name.startsWith(s3Prefix))
    return call.store.copy(pinned, call.bucket, call.key, {
      ...call.options,
      ...conditions,
      policy: object.policy,
      ...(replacesMetadata
        ? { contentType: object.contentType, metadata: [...object.metadata, ...kept] }
        : {}),
      ...(replacesTags ? { tags: object.tags ?? {} } : {}),
    })
  })
  const versioning = await call.buckets.versioning(call.store, call.bucket, call.options)
  answerXml(
    call,
    [
      'CopyObjectResult',
      [['LastModified', result.createdAt], ['ETag', quoted(result.etag)], ...checksumElements(info)],
    ],
    {
      'x-amz-version-id': writtenVersionId(result.versionId, versioning),
      'x-amz-copy-source-version-id': await sourceVersionId(call, source, info),
      ...siblingsHeader(result.siblings),
    },
  )
}

/** Attempts at a source that others keep overwriting. */
const attemptsMax = 5

/**
 * Copies just the version whose conditions were found to hold. One that was replaced between the two, in a bucket that
 * keeps no versions, is looked at anew.
 */
export async function withSource<R>(
  call: S3Call,
  source: NamedSource,
  copy: (info: VersionInfo, pinned: CopySource) => Promise<R>,
): Promise<readonly [info: VersionInfo, result: R]> {
  const { bucket, key } = source
  for (let attempt = 1; ; attempt++) {
    const info = await readSource(call, source)
    try {
      return [info, await copy(info, { bucket, key, versionId: info.versionId })]
    } catch (thrown) {
      if (!isAbsent(thrown) || source.versionId !== undefined || attempt === attemptsMax) throw thrown
    }
  }
}

/** The version that is to be copied, once its conditions hold. */
async function readSource(call: S3Call, source: NamedSource): Promise<VersionInfo> {
  const { bucket, key, versionId } = source
  let info: VersionInfo
  try {
    info = await call.store.head(bucket, key, { ...call.options, versionId })
  } catch (thrown) {
    if (!isAbsent(thrown)) throw thrown
    const code = versionId === undefined ? 'NoSuchKey' : 'NoSuchVersion'
    throw new S3Error(code, { elements: { Key: key }, cause: thrown })
  }
  if (info.kind === 'marker') {
    throw new S3Error('InvalidRequest', {
      message: 'The source of a copy request may not specifically refer to a delete marker by version id.',
    })
  }
  if (failedCondition(sourceConditions(call), info) !== undefined)
    throw preconditionFailed('x-amz-copy-source-If-*')
  return info
}

export async function sourceVersionId(
  call: S3Call,
  { bucket }: NamedSource,
  info: VersionInfo,
): Promise<string | undefined> {
  if (!info.isNull) return info.versionId
  return shownVersionId(info, await call.buckets.versioning(call.store, bucket, call.options))
}

export function checksumElements({ metadata }: Pick<VersionInfo, 'metadata'>): XmlElement[] {
  const checksum = storedChecksum(metadata)
  if (checksum === undefined) return []
  return [
    [checksumAlgorithms[checksum.algorithm].element, checksum.value],
    ['ChecksumType', checksum.type],
  ]
}

/** A copy has its source's checksum: no body is read, so that none can be computed. */
function checkAlgorithm(call: S3Call, info: VersionInfo): void {
  const named = call.header('x-amz-checksum-algorithm')
  if (named === undefined) return
  const algorithm = algorithmNamed(named)
  if (algorithm === undefined)
    throw invalidArgument('Checksum algorithm provided is unsupported.', 'x-amz-checksum-algorithm', named)
  if (storedChecksum(info.metadata)?.algorithm !== algorithm) {
    throw new S3Error('NotImplemented', {
      message: 'A copy keeps the checksum of its source; another one is not computed.',
    })
  }
}

function isReplace(call: S3Call, header: string): boolean {
  const directive = call.header(header) ?? 'COPY'
  if (directive !== 'COPY' && directive !== 'REPLACE')
    throw invalidArgument('A directive is COPY or REPLACE.', header, directive)
  return directive === 'REPLACE'
}
