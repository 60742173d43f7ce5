import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendBody } from '../../http/send-body.js'
import type { RestAnswer } from '../rest-call.js'

/** Sends what a route answered. */
export async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: RestAnswer,
  signal: AbortSignal,
): Promise<void> {
  for (const [name, value] of Object.entries(answer.headers ?? {}))
    if (value !== undefined) response.setHeader(name, value)
  response.statusCode = answer.status
  if ('object' in answer) {
    if (request.method === 'HEAD' || !('body' in answer.object)) response.end()
    else await sendOrCut(response, answer.object.body, signal)
    return
  }
  if ('empty' in answer) {
    response.end()
    return
  }
  const [text, contentType] =
    'json' in answer
      ? [`${JSON.stringify(answer.json)}\n`, 'application/json; charset=utf-8']
      : [answer.text, answer.contentType]
  response.setHeader('content-type', contentType)
  response.setHeader('content-length', Buffer.byteLength(text))
  response.setHeader('x-content-type-options', 'nosniff')
  response.end(request.method === 'HEAD' ? undefined : text)
}

/** Cut short, the client has fewer bytes than `content-length` said, and knows. */
async function sendOrCut(
  response: ServerResponse,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await sendBody(response, body, signal)
  } catch (thrown) {
    response.destroy()
    throw thrown
  }
}
