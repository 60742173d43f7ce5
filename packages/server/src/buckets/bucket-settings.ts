import { parsePolicy, policyText } from '@torc/cluster/retention/policy'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { Compression, Cutting, Versioning } from '@torc/protocol/store/object-store'
import { type BucketRecord, compressions, cuttings, versionings } from './bucket-record.js'

/** As it is stored: one text for each policy. BAD_REQUEST says what a policy may be. */
export function checkedPolicy(text: string): string {
  return policyText(parsePolicy(text))
}

/** Callers in this process are not checked by the message table. */
export function checkedCutting(cutting: Cutting): Cutting {
  if (cuttings.includes(cutting)) return cutting
  throw new TorcError('BAD_REQUEST', `a bucket is not cut by ${JSON.stringify(cutting)}`, {
    hint: `Cutting is one of ${cuttings.join(', ')}.`,
  })
}

export function checkedCompression(compression: Compression): Compression {
  if (compressions.includes(compression)) return compression
  throw new TorcError('BAD_REQUEST', `blocks are not compressed by ${JSON.stringify(compression)}`, {
    hint: `Compression is one of ${compressions.join(', ')}.`,
  })
}

export function checkedVersioning(versioning: Versioning): Versioning {
  if (versionings.includes(versioning)) return versioning
  throw new TorcError('BAD_REQUEST', `the versioning of a bucket is not ${JSON.stringify(versioning)}`, {
    hint: `Versioning is one of ${versionings.join(', ')}.`,
  })
}

/** The versions that a bucket has kept would have no place in one that keeps none. */
export function changedVersioning(
  { name, versioning: before }: BucketRecord,
  versioning: Versioning | undefined,
): Versioning {
  if (versioning === undefined) return before
  if (checkedVersioning(versioning) !== 'unversioned' || before === 'unversioned') return versioning
  throw new TorcError(
    'BAD_REQUEST',
    `the versioning of bucket ${name} is ${before}: it can't be taken back`,
    {
      hint: 'Suspend it: versions that are there stay, and what is written from then on replaces what was written so.',
    },
  )
}

/** Callers in this process are not checked by the message table. */
export function checkedFlag(name: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value
  throw new TorcError('BAD_REQUEST', `\`${name}\` must be true or false`)
}

/** Characters of a name and of a value, as S3 has it. */
const nameLengthMax = 128
const valueLengthMax = 256
// Control characters: C0, DEL, C1.
const unprintable = /[\p{Cc}\p{Cs}]/u

/** The tags of a bucket, by name. BAD_REQUEST where no bucket can have them. */
export function checkedTags(tags: Readonly<Record<string, string>>): BucketRecord['tags'] {
  const pairs = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1))
  if (pairs.length > limits.bucketTagsMax)
    throw new TorcError('BAD_REQUEST', `${pairs.length} tags; a bucket may have ${limits.bucketTagsMax}`)
  let bytes = 0
  for (const [name, value] of pairs) {
    if (name === '' || [...name].length > nameLengthMax || unprintable.test(name)) {
      throw new TorcError(
        'BAD_REQUEST',
        `${JSON.stringify(name.slice(0, 80))} is no name of a bucket's tag`,
        {
          hint: `A name has 1 to ${nameLengthMax} characters, and no control characters.`,
        },
      )
    }
    if (typeof value !== 'string' || [...value].length > valueLengthMax || !value.isWellFormed()) {
      throw new TorcError(
        'BAD_REQUEST',
        `the value of a bucket's tag is a text of up to ${valueLengthMax} characters`,
      )
    }
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  if (bytes <= limits.bucketTagsBytesMax) return pairs
  throw new TorcError(
    'BAD_REQUEST',
    `the tags of a bucket may take ${limits.bucketTagsBytesMax} bytes in all, not ${bytes}`,
  )
}
