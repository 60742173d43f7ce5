import { connect, type Socket } from 'node:net'

/** What an answer's head says. */
interface Waiting {
  readonly resolve: (bodyBytes: number) => void
  readonly reject: (error: Error) => void
}

const headEnd = Buffer.from('\r\n\r\n')
const errorShownMax = 1000

/**
 * One connection that is kept, one request at a time, and no more of HTTP than this needs: what is measured is what
 * answers, not what asks. Bodies are counted and thrown away.
 */
export class HttpConnection {
  readonly #socket: Socket
  #waiting: Waiting | undefined
  #head: Buffer = Buffer.alloc(0)
  /** Bytes of the body that are still to come; undefined while the head is. */
  #left: number | undefined
  #length = 0
  #status = 0
  #shown = ''

  constructor(host: string, port: number) {
    this.#socket = connect({ host, port, noDelay: true })
    this.#socket.on('data', data => this.#take(data))
    this.#socket.on('error', error => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('the connection was closed')))
  }

  /** Sends a request; resolves with the size of the answer's body. Rejects where its status is not 200. */
  ask(head: string, body?: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.cork()
      this.#socket.write(head, 'latin1')
      if (body !== undefined) this.#socket.write(body)
      this.#socket.uncork()
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(data: Buffer): void {
    let rest = data
    if (this.#left === undefined) {
      this.#head = this.#head.length === 0 ? data : Buffer.concat([this.#head, data])
      const end = this.#head.indexOf(headEnd)
      if (end < 0) return
      const head = this.#head.toString('latin1', 0, end)
      rest = this.#head.subarray(end + headEnd.length)
      this.#head = Buffer.alloc(0)
      this.#status = Number(head.slice(9, 12))
      this.#length = Number(/^content-length: (\d+)\r?$/im.exec(head)?.[1] ?? 0)
      this.#left = this.#length
    }
    if (this.#status !== 200) this.#shown = (this.#shown + rest.toString()).slice(0, errorShownMax)
    this.#left -= rest.length
    if (this.#left > 0) return
    this.#left = undefined
    const waiting = this.#waiting
    this.#waiting = undefined
    if (this.#status === 200) waiting?.resolve(this.#length)
    else waiting?.reject(new Error(`the answer is ${this.#status}: ${this.#shown}`))
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }
}
