import { connect } from 'node:net'
import type { Address } from '@torc/protocol/transport/transport'

export interface RawAnswer {
  /** All that came until the other side closed. */
  readonly all: Promise<string>
  readonly closed: Promise<void>
  /** Ends the connection as a client does that has gone. */
  end(): void
}

/** Sends bytes as they are. Resolves once they are under way. */
export function rawRequest({ host, port }: Address, text: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    let received = ''
    socket.setEncoding('latin1').on('data', (piece: string) => {
      received += piece
    })
    socket.once('error', reject)
    const closed = new Promise<void>(done => socket.once('close', () => done()))
    socket.once('connect', () => {
      // From here on a connection that is cut is an answer.
      socket.on('error', () => undefined)
      socket.write(text, 'latin1', () =>
        resolve({ closed, all: closed.then(() => received), end: () => socket.destroy() }),
      )
    })
  })
}
