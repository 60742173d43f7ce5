import type { Clock } from '../environment/clock.js'
import type { Random } from '../environment/random.js'

export const operationIdBytes = 16
const timeBytes = 6

/** An id for one write and all its retries: 128 random bits. */
export function makeOperationId(random: Random): Uint8Array {
  return random.bytes(operationIdBytes)
}

/**
 * An operation id for POST, whose key is made from it: milliseconds since 1970 in the first 6 bytes, then 80
 * random bits (as in RFC 9562, UUID version 7), so that keys sort by time.
 */
export function makeTimeOrderedOperationId(clock: Clock, random: Random): Uint8Array {
  const id = Buffer.alloc(operationIdBytes)
  id.writeUIntBE(Math.floor(clock.nowMs()), 0, timeBytes)
  id.set(random.bytes(operationIdBytes - timeBytes), timeBytes)
  return id
}
