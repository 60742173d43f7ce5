import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import type { S3Cluster } from './s3-cluster.js'

export interface RawAnswer {
  readonly status: number
  /** S3's code of an error; empty where it is none. */
  readonly code: string
  readonly text: string
  readonly headers: IncomingHttpHeaders
}

export interface RawRequest {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

/** Sends a request as it is, whatever is wrong with it. */
export async function send(
  { port }: Pick<S3Cluster, 'port'>,
  { method, target, headers, body = '' }: RawRequest,
): Promise<RawAnswer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path: target, headers, agent: false }, resolve)
    sent.on('error', reject)
    // With a text behind them, headers would leave as UTF-8.
    sent.end(Buffer.from(body))
  })
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece)
  const text = Buffer.concat(pieces).toString()
  const { statusCode = 0 } = response
  return { status: statusCode, code: codeIn(text), text, headers: response.headers }
}

/** Sends bytes, ends, and reads until the other side ends. */
export async function sendBytes(
  { port }: Pick<S3Cluster, 'port'>,
  bytes: string | Uint8Array,
): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const pieces: Buffer[] = []
  socket.on('data', piece => pieces.push(piece))
  socket.end(bytes)
  await once(socket, 'close')
  return Buffer.concat(pieces).toString()
}

function codeIn(text: string): string {
  return /<Error><Code>(\w+)<\/Code>/.exec(text)?.[1] ?? ''
}
