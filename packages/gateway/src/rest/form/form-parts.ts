import type { MultipartFile, MultipartValue } from '@fastify/multipart'
import { TorcError } from '@torc/protocol/errors'
import { asTorcError } from '../answers/error-answer.js'

/** One part of a form. A file's body streams, and must be read before the next part is there. */
export type FormPart =
  | { readonly kind: 'field'; readonly name: string; readonly value: string }
  | {
      readonly kind: 'file'
      readonly name: string
      /** Without folders, as browsers send it; empty where the client named none. */
      readonly fileName: string
      readonly contentType: string
      readonly body: AsyncIterable<Uint8Array>
    }

/** Bounds of a form beside the bodies of its files, which have none of their own. */
export const formLimits = Object.freeze({
  fieldNameSize: 128,
  fieldSize: 8 * 1024,
  fields: 2_000,
  files: 1_000,
  parts: 3_000,
  headerPairs: 32,
  fileSize: Number.MAX_SAFE_INTEGER,
})

type ParsedPart = MultipartFile | MultipartValue

/** The parser's parts in our words. BAD_REQUEST for what is malformed, broken off, or longer than a field may be. */
export async function* formParts(parsed: AsyncIterable<ParsedPart>): AsyncGenerator<FormPart> {
  for await (const part of sound(parsed)) {
    if (part.type === 'file') {
      // A part may have no name, whatever the parser's types say.
      const { fieldname: name = '', filename, mimetype, file } = part
      yield { kind: 'file', name, fileName: filename ?? '', contentType: mimetype, body: sound(file) }
      continue
    }
    const { fieldname: name = '', value } = part
    if (part.valueTruncated || part.fieldnameTruncated || typeof value !== 'string')
      throw new TorcError('BAD_REQUEST', `the field ${JSON.stringify(name.slice(0, 80))} is no short text`)
    yield { kind: 'field', name, value }
  }
}

/** What the parser throws has neither a code nor our words, and is the fault of whoever made the form. */
async function* sound<T>(parsed: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* parsed
  } catch (thrown) {
    const error = asTorcError(thrown)
    if (error.code !== 'INTERNAL') throw error
    throw new TorcError('BAD_REQUEST', `the form is malformed, or broke off: ${error.message}`, {
      cause: thrown,
    })
  }
}
