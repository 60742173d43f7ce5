import type { Hasher } from '@torc/protocol/environment/hasher'

export const bucketIdBytes = 16

/** The reserved bucket that holds the records of buckets and other cluster-wide things. */
export const systemBucketId: Uint8Array = new Uint8Array(bucketIdBytes)

/**
 * Id of a bucket: racing creators of one name and generation get the same; a bucket that was removed and
 * made again (next generation) gets another, so that nothing of the old one can show in the new.
 */
export function bucketIdOf(hasher: Hasher, clusterId: string, name: string, generation: number): Uint8Array {
  const text = `torc bucket\0${clusterId}\0${name}\0${generation}`
  return hasher.sha256(Buffer.from(text)).subarray(0, bucketIdBytes)
}

/**
 * What servers keep for a bucket in hidden buckets of its own: uploads under way, and their parts (decision 19); who syncs
 * folders with it (decision 38).
 */
export type HiddenContent = 'uploads' | 'parts' | 'sync-sessions'

/** Id of a bucket's hidden bucket: no name leads to it. */
export function hiddenBucketId(hasher: Hasher, content: HiddenContent, bucketId: Uint8Array): Uint8Array {
  return hasher.sha256(Buffer.from(`torc ${content}\0`), bucketId).subarray(0, bucketIdBytes)
}
