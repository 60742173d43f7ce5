import { Writer } from '../codec/writer.js'
import { checkerOf, type Fields } from './fields.js'
import { answerFrameOf, frameType } from './frame-types.js'
import type { Message } from './message.js'
import { type MessageName, messages } from './table.js'

type Head = Readonly<Record<string, unknown>>

/** Writes the maps of one set of fields; the bytes of the keys are made once. */
export class HeadShape {
  readonly #names: readonly string[]
  readonly #keys: readonly Uint8Array[]

  constructor(fields: Fields) {
    this.#names = Object.keys(fields)
    this.#keys = this.#names.map(name => encodedText(name))
  }

  /** Most entries that `write` may produce. */
  get entriesMax(): number {
    return this.#names.length
  }

  /** Writes the entries that have a value, without the map's header; returns their number. */
  write(writer: Writer, head: Head): number {
    const names = this.#names
    let count = 0
    for (let i = 0; i < names.length; i++) {
      const value = head[names[i] as string]
      if (value === undefined) continue
      writer.raw(this.#keys[i] as Uint8Array)
      writer.value(value)
      count++
    }
    return count
  }
}

/** A row of the table, prepared for sending and receiving. */
export interface CompiledMessage {
  readonly name: MessageName
  readonly message: Message
  readonly type: number
  readonly answerType: number
  readonly checkRequest: (head: unknown) => Record<string, unknown>
  readonly checkResponse: (head: unknown) => Record<string, unknown>
  /** Writes a request's whole head. */
  writeRequest(writer: Writer, head: Head, timeoutMs: number | undefined, stream: boolean): void
  /** Writes an answer's whole head. */
  writeResponse(writer: Writer, head: Head, end: boolean, stream: boolean): void
}

const opKey = encodedText('op')
const timeoutKey = encodedText('timeoutMs')
const streamTrue = Buffer.concat([encodedText('stream'), Buffer.of(0xc3)])
const endTrue = Buffer.concat([encodedText('end'), Buffer.of(0xc3)])
const envelopeKeys = ['op', 'timeoutMs', 'stream', 'end']

function compile(name: MessageName): CompiledMessage {
  const message: Message = messages[name]
  for (const key of envelopeKeys) {
    if (key in message.request || key in message.response)
      throw new Error(`${name}: the field ${key} is reserved`)
  }
  const op = Buffer.concat([opKey, encodedText(message.op)])
  const request = new HeadShape(message.request)
  const response = new HeadShape(message.response)
  return {
    name,
    message,
    type: frameType[message.frame],
    answerType: frameType[answerFrameOf(message.frame)],
    checkRequest: checkerOf(message.request),
    checkResponse: checkerOf(message.response),
    writeRequest(writer, head, timeoutMs, stream) {
      const mark = openMap(writer, request.entriesMax + 3)
      writer.raw(op)
      let count = 1
      if (timeoutMs !== undefined) {
        writer.raw(timeoutKey)
        writer.integer(timeoutMs)
        count++
      }
      if (stream) {
        writer.raw(streamTrue)
        count++
      }
      closeMap(writer, mark, count + request.write(writer, head), request.entriesMax + 3)
    },
    writeResponse(writer, head, end, stream) {
      const mark = openMap(writer, response.entriesMax + 2)
      let count = 0
      if (end) {
        writer.raw(endTrue)
        count++
      }
      if (stream) {
        writer.raw(streamTrue)
        count++
      }
      closeMap(writer, mark, count + response.write(writer, head), response.entriesMax + 2)
    },
  }
}

/** Leaves room for the header of a map whose count is known at its end; returns where, from the writer's mark. */
function openMap(writer: Writer, entriesMax: number): number {
  const mark = writer.position - writer.mark
  const room = entriesMax < 16 ? 1 : 3
  writer.ensure(room)
  writer.position += room
  return mark
}

function closeMap(writer: Writer, mark: number, count: number, entriesMax: number): void {
  const at = writer.mark + mark
  if (entriesMax < 16) writer.buffer[at] = 0x80 | count
  else {
    writer.buffer[at] = 0xde
    writer.buffer[at + 1] = count >>> 8
    writer.buffer[at + 2] = count
  }
}

function encodedText(value: string): Uint8Array {
  const writer = new Writer(64)
  writer.text(value)
  return writer.take()
}

const compiled = Object.fromEntries(
  (Object.keys(messages) as MessageName[]).map(name => [name, compile(name)]),
) as Readonly<Record<MessageName, CompiledMessage>>

const byFrame = new Map<number, Map<string, CompiledMessage>>()
for (const row of Object.values(compiled)) {
  const ops = byFrame.get(row.type) ?? new Map<string, CompiledMessage>()
  if (ops.has(row.message.op)) throw new Error(`${row.message.frame} ${row.message.op} is declared twice`)
  byFrame.set(row.type, ops.set(row.message.op, row))
}

export function compiledMessage(name: MessageName): CompiledMessage {
  return compiled[name]
}

/** The row behind a frame type and `op`; undefined when this version knows none. */
export function messageFor(type: number, op: unknown): CompiledMessage | undefined {
  return typeof op === 'string' ? byFrame.get(type)?.get(op) : undefined
}

/** Whether the frame type carries requests at all. */
export function isRequestFrame(type: number): boolean {
  return byFrame.has(type)
}
