const digits = '0123456789abcdefghijklmnopqrstuv'

/**
 * The key of a datum that was posted without one: the operation's id in base32hex, whose text order is the order
 * of its bytes. So a retry finds the same key whatever server it reaches, and ids that begin with the time (as
 * Torc's libraries make them) give keys in the order of time.
 */
export function postKey(opId: Uint8Array): string {
  let key = ''
  let bits = 0
  let pending = 0
  for (const byte of opId) {
    pending = ((pending << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      key += digits[(pending >>> bits) & 31]
    }
  }
  return bits === 0 ? key : key + digits[(pending << (5 - bits)) & 31]
}
