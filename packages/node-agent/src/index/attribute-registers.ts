import type { Dot } from '@torc/cluster/clocks/dot'
import {
  type AttributeRegister,
  type Attributes,
  attributeKey,
  attributesOf,
} from '@torc/cluster/state/attributes'
import { encodeAttributes } from '@torc/cluster/state/attributes-codec'
import { TorcError } from '@torc/protocol/errors'

/**
 * Registers of a key and its versions, as bytes. They lie in the key's row, which every write of the key reads and
 * writes, and repair sends them in one request: beyond this, setting more is refused. (Merging is not: it must not
 * lose what others acknowledged. What two owners took at once may so become more than this.)
 */
export const attributeBytesMax = 192 * 1024

/** What to set on a key (`version` undefined) or on one of its versions. */
export interface AttributeChanges {
  readonly version: Dot | undefined
  readonly set: readonly (readonly [name: string, value: Uint8Array])[]
  readonly clear: readonly string[]
  /** Greatest time among the registers that other owners hold. */
  readonly seenTime: number
}

/** Greatest time of the registers that the changes replace; 0 when there are none. */
export function newestReplaced(held: Attributes, { version, set, clear }: AttributeChanges): number {
  let newest = 0
  for (const name of [...set.map(([name]) => name), ...clear]) {
    newest = Math.max(newest, held.get(attributeKey(version, name))?.time ?? 0)
  }
  return newest
}

/** The registers of one write: all of its time and its dot. */
export function registersOf(changes: AttributeChanges, time: number, dot: Dot): Attributes {
  const { version } = changes
  const registers: AttributeRegister[] = []
  for (const [name, value] of changes.set) registers.push({ version, name, value, time, dot })
  for (const name of changes.clear) registers.push({ version, name, value: undefined, time, dot })
  return attributesOf(registers)
}

/** Those registers that the write with this dot made. */
export function registersWrittenBy(held: Attributes, { actor, counter }: Dot): Attributes {
  if (held.size === 0) return held
  return attributesOf([...held.values()].filter(({ dot }) => dot.counter === counter && dot.actor === actor))
}

/** TOO_LARGE when the changes make a key's registers larger than a key's row may carry. */
export function checkAttributeBytes(before: Attributes, changed: Attributes, after: Attributes): void {
  if (encodeAttributes(changed).length > attributeBytesMax) {
    throw new TorcError('TOO_LARGE', `attributes that are set at once may take ${attributeBytesMax} bytes`)
  }
  const bytes = encodeAttributes(after).length
  if (bytes > attributeBytesMax && bytes > encodeAttributes(before).length) {
    throw new TorcError(
      'TOO_LARGE',
      `the attributes of a key and its versions may take ${attributeBytesMax} bytes in all, not ${bytes}`,
      { hint: 'Clear tags of older versions, or purge versions that are not needed.' },
    )
  }
}
