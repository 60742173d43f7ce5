import { asS3Error } from '../errors/store-errors.js'
import type { S3Call } from '../s3-call.js'
import { s3Document, type XmlElement, xmlDeclaration } from '../xml/xml-writer.js'
import { type AnswerHeaders, answerXml } from './answer.js'
import { errorDocument } from './error-answer.js'

export type SlowCall = Pick<S3Call, 'response' | 'clock' | 'known' | 'target'>

export interface SlowAnswer {
  readonly document: XmlElement
  /** Left out where the answer had to begin before they were known. */
  readonly headers: AnswerHeaders
}

/** Silence after which the answer begins, and time between the spaces that keep its connection, milliseconds. */
const patienceMs = 10_000

/**
 * Answers with what takes its time. What is done soon is answered as anything is. After a while the answer begins with
 * status 200 and spaces, as S3 does, so that nobody on the way takes the connection for dead; then an error can only be
 * told in the document.
 */
export async function answerSlowly(call: SlowCall, work: () => Promise<SlowAnswer>): Promise<void> {
  const { response, clock } = call
  let begun = false
  let cancel = clock.after(patienceMs, keepAlive)
  function keepAlive(): void {
    if (response.destroyed) return
    if (!begun) {
      begun = true
      response.writeHead(200, { 'content-type': 'application/xml' })
      response.write(xmlDeclaration)
    }
    response.write(' ')
    cancel = clock.after(patienceMs, keepAlive)
  }
  let answer: SlowAnswer
  try {
    answer = await work()
  } catch (thrown) {
    if (!begun) throw thrown
    const error = asS3Error(thrown)
    call.known.log.warn(
      { requestId: call.known.requestId, code: error.s3Code },
      'a request failed behind its status',
    )
    response.end(errorDocument(error, call.target.path, call.known.requestId).slice(xmlDeclaration.length))
    return
  } finally {
    cancel()
  }
  if (begun) response.end(s3Document(answer.document).slice(xmlDeclaration.length))
  else answerXml(call, answer.document, answer.headers)
}
