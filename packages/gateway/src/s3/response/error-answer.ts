import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '@torc/protocol/environment/clock'
import type { S3Error } from '../errors/s3-error.js'
import { xmlDeclaration, xmlText } from '../xml/xml-writer.js'
import { defined } from './answer.js'

export interface FailedRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly requestId: string
  readonly clock: Clock
}

/** Bytes of a body that nobody wants which are still taken, so that its sender gets to read the answer; and for how long. */
const unreadBytesMax = 4 * 1024 * 1024
const unreadMsMax = 5_000

/** The document that tells of an error. */
export function errorDocument(error: S3Error, path: string, requestId: string): string {
  const more = Object.entries(error.elements).map(([name, value]) => [name, value] as const)
  return (
    xmlDeclaration +
    xmlText([
      'Error',
      [
        ['Code', error.s3Code],
        ['Message', error.message],
        ...more,
        ['Resource', path],
        ['RequestId', requestId],
        ['HostId', hostId(requestId)],
      ],
    ])
  )
}

/** The second of the ids that S3 gives an answer. */
export function hostId(requestId: string): string {
  return Buffer.from(requestId).toString('base64')
}

/** Answers with an error. Where the answer has begun, all that is left is to end it short. */
export async function answerError(failed: FailedRequest, error: S3Error, path: string): Promise<void> {
  const { request, response, requestId } = failed
  if (response.headersSent) {
    response.destroy()
    return
  }
  const text = Buffer.from(errorDocument(error, path, requestId))
  const hasBody = request.method !== 'HEAD' && error.status !== 304
  const headers = {
    ...error.headers,
    ...(hasBody ? { 'content-type': 'application/xml', 'content-length': text.length } : {}),
  }
  if (!leavesMuch(request)) {
    response.writeHead(error.status, defined(headers))
    response.end(hasBody ? text : undefined)
    return
  }
  // To close at once would reset the connection, and the sender might never see the answer.
  response.writeHead(error.status, defined({ ...headers, connection: 'close' }))
  if (hasBody) response.write(text)
  else response.flushHeaders()
  await takeUnread(failed)
  response.end()
}

/** Whether more of the body is to come than is worth reading to keep the connection. */
function leavesMuch(request: IncomingMessage): boolean {
  if (request.complete) return false
  const length = request.headers['content-length']
  if (length === undefined) return request.headers['transfer-encoding'] !== undefined
  return Number(length) > 64 * 1024
}

function takeUnread({ request, response, clock }: FailedRequest): Promise<void> {
  return new Promise(resolve => {
    let taken = 0
    const stop = clock.after(unreadMsMax, end)
    function end(): void {
      stop()
      request.off('data', take)
      for (const event of ['end', 'close', 'error'] as const) request.off(event, end)
      response.off('close', end)
      // Whatever goes wrong with the request now has no one left to tell.
      request.on('error', () => {})
      resolve()
    }
    function take(bytes: Buffer): void {
      taken += bytes.length
      if (taken > unreadBytesMax) end()
    }
    for (const event of ['end', 'close', 'error'] as const) request.on(event, end)
    response.on('close', end)
    request.on('data', take)
    request.resume()
  })
}
