import type { Dot } from '@torc/cluster/clocks/dot'
import { dotText } from '@torc/cluster/clocks/dot'
import { type AttributeRegister, type Attributes, attributesOf } from '@torc/cluster/state/attributes'
import { encodeAttributes } from '@torc/cluster/state/attributes-codec'

/** Bytes of registers in one frame: beside its records they fit a head. */
const pageBytesMax = 192 * 1024
/** Of a register beside its name and its value, at most. */
const registerBytes = 64

/** Registers in pieces that fit a frame each: none where there are no registers, nearly always at most one. */
export function attributePages(attributes: Attributes): Uint8Array[] {
  if (attributes.size === 0) return []
  const pages: Uint8Array[] = []
  let page: AttributeRegister[] = []
  let bytes = 0
  for (const register of attributes.values()) {
    const size = registerBytes + 3 * register.name.length + (register.value?.length ?? 0)
    if (page.length > 0 && bytes + size > pageBytesMax) {
      pages.push(encodeAttributes(attributesOf(page)))
      page = []
      bytes = 0
    }
    page.push(register)
    bytes += size
  }
  pages.push(encodeAttributes(attributesOf(page)))
  return pages
}

/** Registers of the key itself, the small ones first: what a first page leaves out is no policy. */
export function keyRegisters(attributes: Attributes): Attributes {
  const own = registersOf(attributes, [])
  if (own.size < 2) return own
  return attributesOf([...own.values()].sort((a, b) => (a.value?.length ?? 0) - (b.value?.length ?? 0)))
}

/** Registers of the key and of these versions. */
export function registersOf(attributes: Attributes, versions: Iterable<{ readonly dot: Dot }>): Attributes {
  if (attributes.size === 0) return attributes
  const dots = new Set<string>()
  for (const { dot } of versions) dots.add(dotText(dot))
  return attributesOf(
    [...attributes.values()].filter(({ version }) => version === undefined || dots.has(dotText(version))),
  )
}
