import { systemEnvironment } from '../../src/environment/system.js'
import { FrameDecoder } from '../../src/frames/decoder.js'
import { encodeFrame } from '../../src/frames/encoder.js'
import type { Frame } from '../../src/frames/frame.js'
import { makeHello, ownLimits, proofOf } from '../../src/handshake/hello.js'
import type { Identity } from '../../src/handshake/identity.js'
import { frameType } from '../../src/messages/frame-types.js'
import type { Address, Connection, ConnectionListener, Transport } from '../../src/transport/transport.js'

/** A peer that sends whatever a test wants, right or wrong. */
export class RawPeer implements ConnectionListener {
  readonly connection: Connection
  readonly frames: Frame[] = []
  closed = false
  readonly #decoder: FrameDecoder
  /** The last frame as it was sent. */
  lastBytes: Uint8Array = Buffer.alloc(0)
  #waiters: { condition: () => boolean; resolve: () => void }[] = []

  constructor(connection: Connection) {
    this.connection = connection
    this.#decoder = new FrameDecoder(frame => {
      if (frame.length < 8000) this.lastBytes = this.#decoder.currentFrame()
      this.frames.push(frame)
    })
    connection.listen(this)
  }

  /** Connects and goes through the handshake by hand. */
  static async connect(transport: Transport, address: Address, identity: Identity): Promise<RawPeer> {
    const peer = new RawPeer(await transport.connect(address, { timeoutMs: 5_000 }))
    const hello = Buffer.concat(
      encodeFrame(frameType.HELLO, 0, makeHello(identity, ownLimits, systemEnvironment)),
    )
    peer.sendBytes(hello)
    await peer.next(frame => frame.type === frameType.HELLO)
    peer.send(frameType.WELCOME, 0, { proof: proofOf(identity.secret, 'initiator', hello, peer.lastBytes) })
    await peer.next(frame => frame.type === frameType.WELCOME)
    return peer
  }

  onData(chunk: Uint8Array): void {
    this.#decoder.push(chunk)
    this.#check()
  }

  onDrain(): void {}

  onClose(): void {
    this.closed = true
    this.#check()
  }

  #check(): void {
    this.#waiters = this.#waiters.filter(({ condition, resolve }) => {
      if (!condition()) return true
      resolve()
      return false
    })
  }

  send(type: number, stream: number, head: Record<string, unknown>, body?: readonly Uint8Array[]): void {
    this.connection.write(encodeFrame(type, stream, head, body))
  }

  sendBytes(bytes: Uint8Array): void {
    this.connection.write([bytes])
  }

  /** Resolves once the condition holds; checked after each chunk and at the end. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise(resolve => this.#waiters.push({ condition, resolve }))
  }

  /** The first frame like this, whether it came already or not; undefined when the connection closes before. */
  async next(like: (frame: Frame) => boolean): Promise<Frame | undefined> {
    await this.until(() => this.closed || this.frames.some(like))
    return this.frames.find(like)
  }

  get sawClose(): Promise<void> {
    return this.until(() => this.closed)
  }
}
