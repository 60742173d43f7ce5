import net from 'node:net'
import type { ConnectionListener } from './transport.js'

const scratchBytes = 64 * 1024

/** Node's own handle of a socket: what a socket can be made of. Not documented, so that its shape is checked. */
interface SocketHandle {
  readonly useUserBuffer: unknown
}

/**
 * How a socket's bytes reach its connection's listener: into the listener's target, or into one buffer that serves
 * all reads, instead of new memory for each.
 */
export class Reception {
  #scratch: Uint8Array | undefined
  #listener: ConnectionListener | undefined
  /** What came before there was a listener. */
  #early: Uint8Array[] = []

  /** For `net.connect`, and for `withReception`. */
  readonly onread = {
    buffer: (): Uint8Array => this.#listener?.target ?? this.#scratchBuffer(),
    callback: (bytes: number, buffer: Uint8Array): boolean => this.#onRead(buffer.subarray(0, bytes)),
  }

  #scratchBuffer(): Uint8Array {
    this.#scratch ??= Buffer.allocUnsafeSlow(scratchBytes)
    return this.#scratch
  }

  /** False, before there is a listener, to read no more. */
  #onRead(chunk: Uint8Array): boolean {
    if (this.#listener === undefined) {
      this.#early.push(Buffer.from(chunk))
      return false
    }
    this.#listener.onData(chunk)
    return true
  }

  /** From now on `listener` gets what comes. */
  start(listener: ConnectionListener, socket: net.Socket): void {
    this.#listener = listener
    for (const chunk of this.#early.splice(0)) listener.onData(chunk)
    // Of a socket that does not know `onread` (TLS).
    socket.on('data', (chunk: Buffer) => listener.onData(chunk))
    socket.resume()
  }
}

/**
 * A socket on an accepted connection that reads as `reception` wants. Only `net.connect` takes `onread` by its
 * documentation; a socket that is made of the accepted one's handle takes it as well. Where the
 * handle is not as it was there, the accepted socket itself is returned, which gets new memory for each read.
 */
export function withReception(accepted: net.Socket, reception: Reception): net.Socket {
  const handle = (accepted as unknown as { _handle: SocketHandle | null })._handle
  if (typeof handle?.useUserBuffer !== 'function') return accepted
  const options = { handle, onread: reception.onread, readable: true, writable: true }
  return new net.Socket(options as net.SocketConstructorOpts)
}
