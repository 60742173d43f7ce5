/** Digits of RFC 4648, §6 (base32) and §7 (base32hex, whose text order is the order of the bytes), in lower case. */
export const base32Digits = 'abcdefghijklmnopqrstuvwxyz234567'
export const base32HexDigits = '0123456789abcdefghijklmnopqrstuv'

/** `bytes` in base32 without padding: 26 characters of 16 bytes. */
export function base32(bytes: Uint8Array, digits: string = base32Digits): string {
  let text = ''
  let bits = 0
  let pending = 0
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += digits[(pending >>> bits) & 31]
    }
  }
  return bits === 0 ? text : text + digits[(pending << (5 - bits)) & 31]
}
