import { TorcError } from '@torc/protocol/errors'

const hashBytes = 32

/** The hashes of a field that holds them one after the other, as views. BAD_REQUEST where one is cut short. */
export function hashesOf(bytes: Uint8Array, field = 'hashes'): Uint8Array[] {
  if (bytes.length % hashBytes !== 0) {
    throw new TorcError('BAD_REQUEST', `\`${field}\` must have ${hashBytes} bytes for each block`)
  }
  const hashes: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += hashBytes) hashes.push(bytes.subarray(at, at + hashBytes))
  return hashes
}
