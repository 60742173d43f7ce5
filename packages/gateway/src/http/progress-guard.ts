import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What is watched of a request and its answer. */
export interface Watched {
  readonly request: Pick<IncomingMessage, 'complete' | 'readableLength'>
  readonly response: Pick<ServerResponse, 'writableLength' | 'writableEnded'>
  readonly socket: Pick<Socket, 'bytesRead' | 'bytesWritten' | 'writableLength'>
}

/**
 * Tells whether a client stands still: it owes bytes of its body and none came, or bytes wait for it and it took none.
 * While the store works, or has not taken yet what came, the client is not to blame.
 */
export class ProgressGuard {
  readonly #watched: Watched
  #read: number
  #taken: number
  #sinceMs: number

  constructor(watched: Watched, nowMs: number) {
    this.#watched = watched
    this.#read = watched.socket.bytesRead
    this.#taken = takenOf(watched)
    this.#sinceMs = nowMs
  }

  /** Milliseconds for which the client has stood still, as of now; 0 where it moved since the last look, or owes nothing. */
  look(nowMs: number): number {
    const { request, response, socket } = this.#watched
    const read = socket.bytesRead
    const taken = takenOf(this.#watched)
    const owesBody = !request.complete && request.readableLength === 0 && !response.writableEnded
    const owesReading = response.writableLength > 0
    const moved = (owesBody && read !== this.#read) || (owesReading && taken !== this.#taken)
    this.#read = read
    this.#taken = taken
    if (moved || !(owesBody || owesReading)) this.#sinceMs = nowMs
    return nowMs - this.#sinceMs
  }
}

/** Bytes that the system has taken for the client. Node counts among `bytesWritten` what still waits. */
function takenOf({ socket }: Watched): number {
  return socket.bytesWritten - socket.writableLength
}
