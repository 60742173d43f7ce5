/** The first byte string above all that begin with `prefix`; undefined when there is none. */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix[length - 1]
    if (last === undefined || last === 0xff) continue
    const end = Uint8Array.from(prefix.subarray(0, length))
    end[length - 1] = last + 1
    return end
  }
  return undefined
}
