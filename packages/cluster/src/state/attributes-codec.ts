import type { ErrorCode } from '@torc/protocol/errors'
import { PackReader } from '../codec/pack-reader.js'
import { PackWriter } from '../codec/pack-writer.js'
import { type Attributes, readAttributes, writeAttributes } from './attributes.js'

/** Registers on their own, as messages carry them, format 1: `[1, registers]`. */
const schema = 1

export function encodeAttributes(attributes: Attributes): Uint8Array {
  const writer = new PackWriter(16 + 128 * attributes.size)
  writer.array(2)
  writer.uint(schema)
  writeAttributes(writer, attributes)
  return writer.finish()
}

/** Values are views of `bytes`. Throws `code` unless `bytes` are exactly one well-formed set. */
export function decodeAttributes(bytes: Uint8Array, code: ErrorCode = 'BAD_REQUEST'): Attributes {
  const reader = new PackReader(bytes, code, 'attributes')
  reader.tuple(2)
  reader.schema(schema)
  const attributes = readAttributes(reader)
  reader.end()
  return attributes
}
