import { limits } from '@torc/protocol/limits'
import { type CausalContext, covers } from '../clocks/causal-context.js'
import { type ActorId, actorIdBytes, compareDots, type Dot, dotsEqual, dotText } from '../clocks/dot.js'
import type { PackReader } from '../codec/pack-reader.js'
import type { PackWriter } from '../codec/pack-writer.js'

/**
 * What may change about a key or a version: a register per name (a key's policy; a version's tags, access
 * list, lock). The write with the greater `(time, dot)` wins.
 */
export interface AttributeRegister {
  /** The version it belongs to; undefined = the key. */
  readonly version: Dot | undefined
  readonly name: string
  /** Undefined = cleared. What the bytes mean is up to the attribute. */
  readonly value: Uint8Array | undefined
  /** Hybrid clock of the write. */
  readonly time: number
  /** The event of the write. */
  readonly dot: Dot
}

/** By `attributeKey`. */
export type Attributes = ReadonlyMap<string, AttributeRegister>

export const noAttributes: Attributes = new Map()

const nameBytesMax = limits.registerNameBytesMax
const valueBytesMax = 64 * 1024
const countMax = 65_536

export function attributeKey(version: Dot | undefined, name: string): string {
  return version === undefined ? `/${name}` : `${dotText(version)}/${name}`
}

export function attributesOf(registers: Iterable<AttributeRegister>): Attributes {
  const attributes = new Map<string, AttributeRegister>()
  for (const register of registers) attributes.set(attributeKey(register.version, register.name), register)
  return attributes
}

/**
 * Joins two sets of registers. A version's registers go with it: they are dropped once the version is
 * covered and not held, and kept while it has not arrived yet. `context` and `holds` are of the merged state.
 */
export function mergeAttributes(
  a: Attributes,
  b: Attributes,
  context: CausalContext,
  holds: (version: Dot) => boolean,
): Attributes {
  if (a.size === 0 && b.size === 0) return noAttributes
  const merged = new Map<string, AttributeRegister>()
  for (const side of [a, b]) {
    for (const [key, register] of side) {
      const { version } = register
      if (version !== undefined && covers(context, version) && !holds(version)) continue
      const other = merged.get(key)
      if (other === undefined || isLater(register, other)) merged.set(key, register)
    }
  }
  return merged
}

export function attributesEqual(a: Attributes, b: Attributes): boolean {
  if (a.size !== b.size) return false
  for (const [key, register] of a) {
    const other = b.get(key)
    if (other === undefined || other.time !== register.time || !dotsEqual(other.dot, register.dot))
      return false
  }
  return true
}

function isLater(a: AttributeRegister, b: AttributeRegister): boolean {
  return a.time !== b.time ? a.time > b.time : compareDots(a.dot, b.dot) > 0
}

/** `[[version actor, counter] | nil, name, value | nil, time, actor, counter, …]`, by key and version, then name. */
export function writeAttributes(writer: PackWriter, attributes: Attributes): void {
  writer.array(6 * attributes.size)
  for (const key of attributes.size < 2 ? attributes.keys() : [...attributes.keys()].sort()) {
    const register = attributes.get(key)
    if (register === undefined) continue
    if (register.version === undefined) writer.nil()
    else {
      writer.array(2)
      writeDot(writer, register.version)
    }
    writer.text(register.name)
    if (register.value === undefined) writer.nil()
    else writer.bytes(register.value)
    writer.uint(register.time)
    writeDot(writer, register.dot)
  }
}

export function readAttributes(reader: PackReader): Attributes {
  const count = reader.array(6 * countMax)
  if (count === 0) return noAttributes
  if (count % 6 !== 0) throw reader.refuse('an attribute out of shape')
  const attributes = new Map<string, AttributeRegister>()
  let previous = ''
  for (let i = 0; i < count; i += 6) {
    const version = reader.nil() ? undefined : readVersionDot(reader)
    const name = reader.text(nameBytesMax)
    const value = reader.nil() ? undefined : reader.bytes(valueBytesMax)
    const time = reader.uint()
    const dot = readDot(reader)
    const key = attributeKey(version, name)
    if (key <= previous) throw reader.refuse('attributes out of order')
    previous = key
    attributes.set(key, { version, name, value, time, dot })
  }
  return attributes
}

function readVersionDot(reader: PackReader): Dot {
  reader.tuple(2)
  return readDot(reader)
}

function writeDot(writer: PackWriter, dot: Dot): void {
  writer.hexBytes(dot.actor)
  writer.uint(dot.counter)
}

function readDot(reader: PackReader): Dot {
  const actor = reader.hexBytes(actorIdBytes) as ActorId
  const counter = reader.uint()
  if (counter === 0) throw reader.refuse('a dot with counter 0')
  return { actor, counter }
}
