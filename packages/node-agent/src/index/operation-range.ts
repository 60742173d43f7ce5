import { TorcError } from '@torc/protocol/errors'

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
/** A version's id is its opId in base32 without padding: 26 characters of 5 bits for 128 bits. */
const idCharacters = 26
const opIdBytes = 16

export interface OperationRange {
  readonly first: Uint8Array
  readonly last: Uint8Array
}

/** Whether the text, which begins some version id, is all of it. */
export function isWholeId(text: string): boolean {
  return text.length === idCharacters
}

/** The opIds whose version ids begin with `prefix`. BAD_REQUEST when no id can. */
export function operationRange(prefix: string): OperationRange {
  if (prefix.length > idCharacters || !/^[a-z2-7]*$/.test(prefix)) {
    throw new TorcError('BAD_REQUEST', `${JSON.stringify(prefix)} begins no version id`)
  }
  const first = bitsOf(prefix.padEnd(idCharacters, 'a'))
  const last = bitsOf(prefix.padEnd(idCharacters, '7'))
  return { first, last }
}

function bitsOf(text: string): Uint8Array {
  const bytes = new Uint8Array(opIdBytes)
  let held = 0
  let bits = 0
  let at = 0
  for (const character of text) {
    held = ((held << 5) | alphabet.indexOf(character)) & 0xfff
    bits += 5
    if (bits >= 8 && at < opIdBytes) {
      bits -= 8
      bytes[at++] = (held >> bits) & 0xff
    }
  }
  return bytes
}
