import { Agent, type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Credentials } from '../../gateway/s3/s3-cluster.js'
import { signed } from '../../gateway/s3/sign.js'

export interface Body {
  readonly bytes: number
  readonly pieces: Iterable<Uint8Array>
}

const stillMs = 120_000

/** Signed requests over connections that are kept; bodies are streamed both ways. */
export class S3Requests {
  readonly #origin: URL
  readonly #credentials: Credentials
  readonly #agent: Agent

  constructor(endpoint: string, credentials: Credentials, connections: number) {
    this.#origin = new URL(endpoint)
    this.#credentials = credentials
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  /** The answer, its body still to be read. Throws where its status is not 200. */
  async open(method: string, target: string, body?: Body): Promise<IncomingMessage> {
    const { host, hostname, port } = this.#origin
    const { headers } = signed({ method, target, headers: { host }, credentials: this.#credentials })
    const length = body === undefined ? {} : { 'content-length': body.bytes }
    const sent = request({
      ...{ method, host: hostname, port, path: target, agent: this.#agent, timeout: stillMs },
      headers: { ...headers, ...length },
    })
    sent.on('timeout', () => sent.destroy(new Error(`nothing moved in ${stillMs} ms`)))
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve).once('error', reject)
    })
    // What fails while it is sent fails the answer as well.
    const sending = body === undefined ? sent.end() : pipeline(Readable.from(body.pieces), sent)
    const [answer] = await Promise.all([answered, sending])
    if (answer.statusCode !== 200)
      throw new Error(`${method} ${target} is answered by ${answer.statusCode}: ${await text(answer)}`)
    return answer
  }

  async text(method: string, target: string, body?: Body): Promise<[text: string, answer: IncomingMessage]> {
    const answer = await this.open(method, target, body)
    return [await text(answer), answer]
  }

  close(): void {
    this.#agent.destroy()
  }
}
