import { TorcError } from '@torc/protocol/errors'
import { bucketName, keyText } from '@torc/protocol/messages/fields'

export interface Target {
  readonly bucket: string
  /** Empty when only a bucket was named. */
  readonly key: string
}

/** Parts `BUCKET[/REST]` at the first `/` and checks the bucket's name; a leading `/` is allowed. */
export function parseTarget(text: string): Target {
  const named = text.startsWith('/') ? text.slice(1) : text
  const slash = named.indexOf('/')
  const bucket = slash < 0 ? named : named.slice(0, slash)
  return { bucket: parseBucket(bucket), key: slash < 0 ? '' : named.slice(slash + 1) }
}

/** A target that must name a key. */
export function parseObjectTarget(text: string): Target {
  const target = parseTarget(text)
  if (target.key === '') {
    throw new TorcError('BAD_REQUEST', `${JSON.stringify(text)} names no key`, {
      hint: 'Write BUCKET/KEY: the first "/" ends the bucket\'s name.',
    })
  }
  keyText.check(target.key, 'key')
  return target
}

export function parseBucket(text: string): string {
  const name = text.startsWith('/') ? text.slice(1) : text
  return bucketName.check(name.endsWith('/') ? name.slice(0, -1) : name, 'bucket')
}

/** The prefix of the keys "in" a folder: `a/b` and `a/b/` both mean the keys that begin with `a/b/`. */
export function folderPrefix(key: string): string {
  return key === '' || key.endsWith('/') ? key : `${key}/`
}
