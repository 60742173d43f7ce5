import { base32, base32HexDigits } from '@torc/protocol/identifiers/base32'

/**
 * The key of a datum that was posted without one: the operation's id in base32hex, whose text order is the order
 * of its bytes. So a retry finds the same key whatever server it reaches, and ids that begin with the time (as
 * Torc's libraries make them) give keys in the order of time.
 */
export function postKey(opId: Uint8Array): string {
  return base32(opId, base32HexDigits)
}
