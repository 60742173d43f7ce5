import { base32 } from './base32.js'

const idCharacters = 18
const digestBytes = Math.ceil((idCharacters * 5) / 8)
const madeId = /^TK[A-Z2-7]{18}$/
const rootId = /^TORC[A-Z2-7]{16}$/

/** Id of the access key that is made from a digest (12 bytes of it): `TK` and 18 characters of base32, 90 bits. */
export function accessKeyIdOf(digest: Uint8Array): string {
  return `TK${base32(digest.subarray(0, digestBytes)).slice(0, idCharacters).toUpperCase()}`
}

/** Whether the text has the form of an id of an access key that was made. */
export function isMadeAccessKeyId(text: unknown): text is string {
  return typeof text === 'string' && madeId.test(text)
}

/** The same, or that of a root key (decision 3). */
export function isAccessKeyId(text: unknown): text is string {
  return isMadeAccessKeyId(text) || (typeof text === 'string' && rootId.test(text))
}
