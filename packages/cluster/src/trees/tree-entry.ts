import { Fingerprint } from '../codec/fingerprint.js'
import { digestsEqual, emptyDigest } from '../state/digest.js'

const keySeed = 4
const referenceSeed = 5
const rootSeed = 6

/** Of the hash of a key's bucket and name, so many bytes tell keys apart. */
const keyHashBytes = 16

/** An operation that needs a block. */
export interface BlockUser {
  readonly bucketId: Uint8Array
  /** UTF-8. */
  readonly key: Uint8Array
  readonly opId: Uint8Array
}

/** What a key's state adds to its leaf, 16 bytes; zero where there is no state, which is how a key without an entry counts. */
export function keyEntry(keyHash: Uint8Array, digest: Uint8Array): Uint8Array {
  if (digestsEqual(digest, emptyDigest)) return emptyDigest
  const fingerprint = new Fingerprint(keySeed)
  fingerprint.bytes(keyHash.subarray(0, keyHashBytes))
  fingerprint.bytes(digest)
  return fingerprint.finish()
}

/** What a reference to a block adds to the leaf of the block. */
export function referenceEntry(blockHash: Uint8Array, { bucketId, key, opId }: BlockUser): Uint8Array {
  const fingerprint = new Fingerprint(referenceSeed)
  fingerprint.bytes(blockHash)
  fingerprint.bytes(bucketId)
  fingerprint.bytes(key)
  fingerprint.bytes(opId)
  return fingerprint.finish()
}

/** The root over the leaves of a partition, one digest after the other; zero where all of them are. */
export function foldRoot(leaves: Uint8Array): Uint8Array {
  if (leaves.every(byte => byte === 0)) return emptyDigest
  const fingerprint = new Fingerprint(rootSeed)
  fingerprint.bytes(leaves)
  return fingerprint.finish()
}
