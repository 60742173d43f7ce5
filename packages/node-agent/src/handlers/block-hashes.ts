import { TorcError } from '@torc/protocol/errors'

const hashBytes = 32

/** The hashes that a request names, one after the other. BAD_REQUEST where the last one is cut. */
export function hashesOf(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length % hashBytes !== 0) {
    throw new TorcError('BAD_REQUEST', `\`hashes\` must have ${hashBytes} bytes for each block`)
  }
  const hashes: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += hashBytes) hashes.push(bytes.subarray(at, at + hashBytes))
  return hashes
}
