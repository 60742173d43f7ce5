import { connect, type Socket } from 'node:net'
import type { Address } from '@torc/protocol/transport/transport'

/** A connection that says just what it is told to, well formed or not. */
export class RawClient {
  readonly socket: Socket
  readonly closed: Promise<void>
  #received = ''
  readonly #waiting = new Set<() => void>()

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#received += text
      for (const look of [...this.#waiting]) look()
    })
    // A connection that is cut is what such tests are about.
    socket.on('error', () => undefined)
    this.closed = new Promise(resolve =>
      socket.once('close', () => {
        resolve()
        for (const look of [...this.#waiting]) look()
      }),
    )
  }

  static connect({ host, port }: Address): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new RawClient(socket))
      })
    })
  }

  get received(): string {
    return this.#received
  }

  send(text: string | Uint8Array): void {
    this.socket.write(text)
  }

  /** Resolves with all that came once it holds `text`; rejects when the connection ends before. */
  async until(text: string): Promise<string> {
    return await new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.#received.includes(text)) resolve(this.#received)
        else if (this.socket.closed) reject(new Error(`it ended before ${text}: ${this.#received}`))
        else return
        this.#waiting.delete(look)
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** All that came until the other side closed. */
  async untilClosed(): Promise<string> {
    await this.closed
    return this.#received
  }

  end(): void {
    this.socket.destroy()
  }
}
