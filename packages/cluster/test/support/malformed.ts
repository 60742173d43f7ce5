import { TorcError } from '@torc/protocol/errors'
import fc from 'fast-check'
import { runs } from './runs.js'

const mutations = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('set' as const), at: fc.nat(), value: fc.nat(255) }),
    fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), value: fc.nat(255) }),
    fc.record({ kind: fc.constant('delete' as const), at: fc.nat(), value: fc.nat(8) }),
    fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), value: fc.nat(255) }),
  ),
  { minLength: 1, maxLength: 3 },
)

/**
 * Feeds `decode` random bytes and damaged encodings. It must throw `code`, or return a value whose encoding
 * is exactly what it was given: no two encodings of one value, and nothing else thrown.
 */
export function checkMalformed<T>(
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => T,
  code: string,
): void {
  const probe = (bytes: Uint8Array): void => {
    let value: T
    try {
      value = decode(bytes)
    } catch (error) {
      if (error instanceof TorcError && error.code === code) return
      throw error
    }
    if (Buffer.compare(encode(value), bytes) !== 0) throw new Error('accepted bytes that it would not write')
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), probe), runs(2_000))
  fc.assert(
    fc.property(values, mutations, (value, changes) => {
      let bytes = [...encode(value)]
      for (const { kind, at, value: byte } of changes) {
        const place = at % Math.max(1, bytes.length)
        if (kind === 'set') bytes[place] = byte
        else if (kind === 'insert') bytes.splice(place, 0, byte)
        else if (kind === 'delete') bytes.splice(place, byte)
        else bytes = bytes.slice(0, place)
      }
      probe(Uint8Array.from(bytes))
    }),
    runs(4_000),
  )
  // Every proper beginning of a record, and a record with something after it.
  fc.assert(
    fc.property(values, value => {
      const bytes = encode(value)
      for (let end = 0; end < bytes.length; end++) {
        let refused = false
        try {
          decode(bytes.subarray(0, end))
        } catch (error) {
          refused = error instanceof TorcError && error.code === code
        }
        if (!refused) throw new Error(`accepted the first ${end} bytes`)
      }
      probe(Uint8Array.from([...bytes, 0]))
    }),
    runs(50),
  )
}
