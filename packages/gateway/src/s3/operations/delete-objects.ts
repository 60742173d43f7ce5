import { limits } from '@torc/protocol/limits'
import { S3Error } from '../errors/s3-error.js'
import { asS3Error } from '../errors/store-errors.js'
import { checkedVersionId } from '../request/parameters.js'
import { answerXml } from '../response/answer.js'
import type { S3Call } from '../s3-call.js'
import { childrenOf, childText, malformed, neededText, type ReadElement } from '../xml/xml-reader.js'
import type { XmlElement } from '../xml/xml-writer.js'
import { deleteOne } from './delete-object.js'
import { inParallel } from './in-parallel.js'

const objectsMax = 1000
const atOnce = 16

interface Named {
  readonly key: string
  readonly versionId: string | undefined
  readonly etag: string | undefined
}

/** Deletes up to 1000 objects; each succeeds or fails for itself. */
export async function deleteObjects(call: S3Call): Promise<void> {
  const document = await call.document('Delete')
  const objects = childrenOf(document, 'Object').map(readObject)
  if (objects.length === 0 || objects.length > objectsMax)
    throw malformed(`Between 1 and ${objectsMax} objects can be deleted at once.`)
  const quiet = childText(document, 'Quiet')?.trim() === 'true'
  // That there is no such bucket, or nothing may be done in it, is the answer to all of it.
  await call.buckets.read(call.store, call.bucket, call.options)
  const results = await inParallel(objects, atOnce, object => deletedElement(call, object, quiet))
  answerXml(call, ['DeleteResult', results.filter(element => element !== undefined)])
}

function readObject(element: ReadElement): Named {
  for (const condition of ['LastModifiedTime', 'Size']) {
    if (childText(element, condition) !== undefined)
      throw new S3Error('NotImplemented', { message: `Conditions (${condition}) are not implemented here.` })
  }
  return {
    key: neededText(element, 'Key'),
    versionId: childText(element, 'VersionId'),
    etag: childText(element, 'ETag'),
  }
}

async function deletedElement(
  call: S3Call,
  { key, versionId, etag }: Named,
  quiet: boolean,
): Promise<XmlElement | undefined> {
  try {
    if (key === '' || Buffer.byteLength(key) > limits.keyBytesMax) throw new S3Error('KeyTooLongError')
    const checked = versionId === undefined ? undefined : checkedVersionId(versionId)
    const deleted = await deleteOne(call, key, checked, etag)
    if (quiet) return undefined
    return [
      'Deleted',
      [
        ['Key', key],
        ['VersionId', versionId],
        ['DeleteMarker', deleted.marker ? true : undefined],
        ['DeleteMarkerVersionId', deleted.marker ? deleted.versionId : undefined],
      ],
    ]
  } catch (thrown) {
    // A client that has gone gets no answer at all.
    if (call.known.signal.aborted) throw thrown
    const { s3Code, message } = asS3Error(thrown)
    return [
      'Error',
      [
        ['Key', key],
        ['VersionId', versionId],
        ['Code', s3Code],
        ['Message', message],
      ],
    ]
  }
}
