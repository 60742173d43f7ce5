import { connect, type Socket } from 'node:net'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { FrameDecoder } from '@torc/protocol/frames/decoder'
import { ownLimits } from '@torc/protocol/handshake/hello'
import type { Identity } from '@torc/protocol/handshake/identity'
import { InitiatorHandshake } from '@torc/protocol/handshake/initiator'
import { frameType } from '@torc/protocol/messages/frame-types'
import { parseAddress } from '@torc/protocol/transport/transport'
import { makeFrame } from '../harness/proxy/make-frame.js'

/** How long the peer may take to answer a PING or to close. */
const settleMs = 20_000

/** A socket that may have shaken hands and then sends whatever bytes it likes. */
export class RawConnection {
  readonly #socket: Socket
  readonly #closed: Promise<void>
  #onPong: (() => void) | undefined
  open = true

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#closed = new Promise(resolve => {
      socket.on('close', () => {
        this.open = false
        resolve()
      })
    })
    // A reset is one of the right answers to garbage; the close that follows is what counts.
    socket.on('error', () => undefined)
  }

  /** Without an identity nothing is said before the first raw bytes. */
  static async open(address: string, identity: Identity | undefined): Promise<RawConnection> {
    const target = parseAddress(address)
    if (target === undefined) throw new Error(`no address: ${address}`)
    const socket = connect(target.port, target.host)
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    const connection = new RawConnection(socket)
    if (identity === undefined) socket.resume()
    else await connection.#shakeHands(identity)
    return connection
  }

  #shakeHands(identity: Identity): Promise<void> {
    return new Promise((resolve, reject) => {
      let handshake: InitiatorHandshake | undefined
      const decoder = new FrameDecoder(frame => {
        if (handshake !== undefined) handshake.onFrame(frame, decoder.currentFrame())
        else if (frame.type === frameType.PONG) this.#onPong?.()
      })
      handshake = new InitiatorHandshake(identity, ownLimits, systemEnvironment, undefined, {
        sendFrame: frame => void this.#socket.write(frame),
        onDone: () => {
          handshake = undefined
          resolve()
        },
        onFailure: reject,
      })
      this.#socket.on('data', chunk => decoder.push(chunk))
      handshake.start()
    })
  }

  send(bytes: Uint8Array): void {
    if (this.open) this.#socket.write(bytes)
  }

  /** Resolves when the peer has read all that was sent (it answers a PING, or has closed). */
  async settle(): Promise<void> {
    if (!this.open) return
    let cancel = (): void => undefined
    const late = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => reject(new Error('the peer neither answers nor closes')), settleMs)
      cancel = () => clearTimeout(timer)
    })
    const pong = new Promise<void>(resolve => {
      this.#onPong = resolve
    })
    this.send(makeFrame(frameType.PING, 0, {}))
    // Where framing is lost the PING may be taken for the rest of a frame: ending our side settles that.
    this.#socket.end()
    try {
      await Promise.race([pong, this.#closed, late])
    } finally {
      cancel()
    }
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
