import { digestsEqual, emptyDigest } from '../state/digest.js'

/** What an agent has of a key: nothing; no version, and what is left may go; or something that must stay. */
export interface ExaminedKey {
  readonly state: 'nothing' | 'remainder' | 'kept'
  /** Of the key's state; all zero where there is none. */
  readonly digest: Uint8Array
}

/**
 * Whether what is left of a key may be collected, by what every agent of the layout says of it: nobody keeps it, and all
 * that have a state of it have the same. (An owner that has none has dropped it before, or never heard of the key.) Pure.
 */
export function mayCollect(answers: readonly ExaminedKey[]): boolean {
  let digest: Uint8Array | undefined
  for (const answer of answers) {
    if (answer.state === 'kept') return false
    if (digestsEqual(answer.digest, emptyDigest)) continue
    digest ??= answer.digest
    if (!digestsEqual(answer.digest, digest)) return false
  }
  return true
}
