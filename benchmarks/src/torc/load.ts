import { randomBytes, randomFillSync } from 'node:crypto'
import type { Sample } from '../measure/side.js'

export interface LoadShape {
  readonly bucket: string
  readonly inFlight: number
  readonly seconds: number
}

/**
 * Runs `operation` with a constant number in flight until the time is over. Operations have a number, and the slot in
 * which they run alone.
 */
export async function keepInFlight(
  load: LoadShape,
  operation: (index: number, slot: number) => Promise<void>,
): Promise<Sample> {
  let started = 0
  const startedMs = performance.now()
  const endMs = startedMs + load.seconds * 1000
  const one = async (slot: number): Promise<void> => {
    while (performance.now() < endMs) await operation(started++, slot)
  }
  await Promise.all(Array.from({ length: load.inFlight }, (_, slot) => one(slot)))
  return { units: started, elapsedMs: performance.now() - startedMs }
}

const mebibyte = 1024 * 1024
const stampBytes = 16

/**
 * Bodies of which no block was ever stored: random bytes with a stamp in each MiB. A slot's body holds until the next
 * one of that slot is asked for.
 */
export function freshBodies({
  bodyBytes,
  inFlight,
}: Pick<LoadShape, 'inFlight'> & { readonly bodyBytes: number }): (index: number, slot: number) => Buffer {
  const bodies = Array.from({ length: inFlight }, () => randomFillSync(Buffer.alloc(bodyBytes)))
  return (_index, slot) => {
    const body = bodies[slot]
    if (body === undefined) throw new Error(`there is no slot ${slot}`)
    const stamp = randomBytes(stampBytes)
    for (let at = 0; at < bodyBytes; at += mebibyte) stamp.copy(body, at)
    return body
  }
}
