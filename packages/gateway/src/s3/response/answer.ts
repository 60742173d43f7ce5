import type { S3Call } from '../s3-call.js'
import { s3Document, type XmlElement } from '../xml/xml-writer.js'

export type AnswerHeaders = Readonly<Record<string, string | number | undefined>>

/** Sends an answer without a body. */
export function answerEmpty(
  call: Pick<S3Call, 'response'>,
  status: number,
  headers: AnswerHeaders = {},
): void {
  const length = status === 204 || status === 304 ? {} : { 'content-length': 0 }
  call.response.writeHead(status, defined({ ...headers, ...length }))
  call.response.end()
}

/** Sends a document with status 200. */
export function answerXml(
  call: Pick<S3Call, 'response'>,
  document: XmlElement,
  headers: AnswerHeaders = {},
): void {
  const text = Buffer.from(s3Document(document))
  call.response.writeHead(
    200,
    defined({ ...headers, 'content-type': 'application/xml', 'content-length': text.length }),
  )
  call.response.end(text)
}

/** Headers without those that have no value; their text as the bytes of its UTF-8. */
export function defined(headers: AnswerHeaders): Record<string, string> {
  const sent: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) sent[name] = headerBytes(String(value))
  return sent
}

/** Node writes headers as Latin-1, as long as what follows them is bytes and no text. */
export function headerBytes(text: string): string {
  return /[^\x20-\x7e]/.test(text) ? Buffer.from(text).toString('latin1') : text
}

/** Whether a text can be a header's value: no control characters, which could end it. */
export function fitsHeader(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text)
}
