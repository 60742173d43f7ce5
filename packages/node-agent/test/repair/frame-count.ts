import { type FrameName, frameNameOf } from '@torc/protocol/messages/frame-types'
import type { Connection, ConnectionListener, Transport } from '@torc/protocol/transport/transport'

/** Length prefix, array header and type. */
const prefixBytes = 6

/** Frames that were sent over a transport, by their names, in both directions. */
export class FrameCount {
  readonly #counts = new Map<string, number>()

  of(name: FrameName): number {
    return this.#counts.get(name) ?? 0
  }

  add(type: number): void {
    const name = frameNameOf(type)
    if (name !== undefined) this.#counts.set(name, this.of(name) + 1)
  }
}

/** The same transport; each frame that is sent over it is counted. */
export function countingTransport(transport: Transport, counts: FrameCount): Transport {
  return {
    connect: async (address, options) =>
      new CountedConnection(await transport.connect(address, options), counts),
    listen: (address, onConnection) =>
      transport.listen(address, connection => onConnection(new CountedConnection(connection, counts))),
  }
}

class CountedConnection implements Connection {
  readonly #inner: Connection
  readonly #counts: FrameCount
  /** Beginning of a frame, and how many bytes of one are still to come. */
  #prefix = Buffer.alloc(0)
  #rest = 0

  constructor(inner: Connection, counts: FrameCount) {
    this.#inner = inner
    this.#counts = counts
  }

  get remoteAddress(): string {
    return this.#inner.remoteAddress
  }

  get remoteHost(): string {
    return this.#inner.remoteHost
  }

  get queuedBytes(): number {
    return this.#inner.queuedBytes
  }

  get buffers(): Connection['buffers'] {
    return this.#inner.buffers
  }

  write(pieces: readonly Uint8Array[]): number {
    for (const piece of pieces) this.#count(piece)
    return this.#inner.write(pieces)
  }

  #count(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      if (this.#rest > 0) {
        const skipped = Math.min(this.#rest, piece.length - at)
        this.#rest -= skipped
        at += skipped
        continue
      }
      const taken = Math.min(prefixBytes - this.#prefix.length, piece.length - at)
      this.#prefix = Buffer.concat([this.#prefix, piece.subarray(at, at + taken)])
      at += taken
      if (this.#prefix.length < prefixBytes) continue
      this.#counts.add(this.#prefix[5] ?? 0)
      this.#rest = this.#prefix.readUInt32BE(0) - 2
      this.#prefix = Buffer.alloc(0)
    }
  }

  pause(): void {
    this.#inner.pause()
  }

  resume(): void {
    this.#inner.resume()
  }

  end(): void {
    this.#inner.end()
  }

  destroy(): void {
    this.#inner.destroy()
  }

  listen(listener: ConnectionListener): void {
    this.#inner.listen(listener)
  }
}
