import { TorcError } from '@torc/protocol/errors'
import { expectedFailure, isGone, ownFilling, pickToken, remember, type Task, written } from './calls.js'

const partsMax = 3
/** Uploads that are given up by their client. */
const abortProbability = 0.2

/** An object in parts: each is sent, then all are completed, or given up. */
export async function upload(task: Task): Promise<string> {
  const { store, bucket, key, history, random, load } = task
  const token = pickToken(task)
  let uploadId: string
  try {
    ;({ uploadId } = await store.createUpload(bucket, key, { policy: task.policyOf(key) }))
  } catch (error) {
    return expectedFailure(error)
  }
  const write = history.begin(key, 'put', ownFilling(load, random), token?.seen)
  const partBytes = Math.ceil(write.body.length / random.integer(1, partsMax))
  const named: { partNumber: number; etag: string }[] = []
  try {
    for (let from = 0; from < write.body.length; from += partBytes) {
      const partNumber = named.length + 1
      const part = write.body.subarray(from, from + partBytes)
      const { etag } = await store.uploadPart(bucket, key, uploadId, partNumber, part)
      named.push({ partNumber, etag })
    }
    if (random.chance(abortProbability)) {
      history.refuse(write)
      await store.abortUpload(bucket, key, uploadId)
      return 'acknowledged'
    }
  } catch (error) {
    // Nothing is minted before it is completed; what is left is ended when all is mended.
    history.refuse(write)
    return expectedFailure(error)
  }
  return written(task, write, async () => {
    const result = await store.completeUpload(bucket, key, uploadId, named, { context: token?.context })
    remember(task, result.context, history.seenBy(write))
    return result
  })
}

/** Ends all uploads that are open, or that an earlier attempt has not ended. */
export async function endUploads({ store, bucket }: Pick<Task, 'store' | 'bucket'>): Promise<void> {
  for await (const { key, uploadId } of store.uploads(bucket)) {
    try {
      await store.abortUpload(bucket, key, uploadId)
    } catch (error) {
      if (!(error instanceof TorcError) || (error.code !== 'UPLOAD_NOT_FOUND' && !isGone(error))) throw error
    }
  }
}
