import type { LateFacts } from '@torc/protocol/store/late-facts'
import type { ReceivedBody } from '../body/received-body.js'
import { checksumHeaders, checksumPair, type StoredChecksum } from '../checksums/stored-checksums.js'
import { writeConditions } from '../request/conditions.js'
import { readNewObject } from '../request/new-object.js'
import { refuseObjectAcl } from '../request/refused-headers.js'
import { answerEmpty } from '../response/answer.js'
import { quoted, siblingsHeader, writtenVersionId } from '../response/object-headers.js'
import type { S3Call } from '../s3-call.js'

export async function putObject(call: S3Call): Promise<void> {
  refuseObjectAcl(call.header('x-amz-acl'))
  const object = readNewObject(call)
  const body = call.body()
  const conditions = await writeConditions(call)
  const result = await storeBody(body, () =>
    call.store.put(call.bucket, call.key, body, {
      ...call.options,
      ...object,
      ...conditions,
      size: body.size,
      seal: () => sealOf(body),
    }),
  )
  const versioning = await call.buckets.versioning(call.store, call.bucket, call.options)
  answerEmpty(call, 200, {
    etag: quoted(result.etag),
    'x-amz-version-id': writtenVersionId(result.versionId, versioning),
    ...checksumHeaders(checksumOf(body)),
    ...siblingsHeader(result.siblings),
  })
}

/** Stores a received body; where that was not what it claims to be, this is what failed, whatever the store made of it. */
export async function storeBody<R>(body: ReceivedBody, store: () => Promise<R>): Promise<R> {
  try {
    return await store()
  } catch (thrown) {
    throw body.failure ?? thrown
  }
}

/** What the store is told once the body was read: its MD5 as the etag, and its checksum. */
export function sealOf({ facts }: ReceivedBody): LateFacts {
  const { md5, checksum } = facts
  if (checksum === undefined) return { etag: md5 }
  return { etag: md5, metadata: [checksumPair(checksum.algorithm, checksum.value)] }
}

export function checksumOf({ facts: { checksum } }: ReceivedBody): StoredChecksum | undefined {
  return checksum === undefined ? undefined : { ...checksum, type: 'FULL_OBJECT' }
}
