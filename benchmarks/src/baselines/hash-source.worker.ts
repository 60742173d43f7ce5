import { createHash, randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { serveWorker } from '../processes/worker.js'
import { listenOnLoopback } from './loopback.js'

/** The first process of the hashing relay: sends a body and then its SHA-256, which it takes as the bytes leave. */
const pieceBytes = 256 * 1024
const dataBytes = 16 * 1024 * 1024

async function send(socket: Socket, data: Buffer, bytes: number): Promise<void> {
  const digest = createHash('sha256')
  for (let sent = 0; sent < bytes; ) {
    const start = sent % data.length
    const piece = data.subarray(start, start + Math.min(pieceBytes, bytes - sent))
    digest.update(piece)
    sent += piece.length
    if (!socket.write(piece)) await once(socket, 'drain')
  }
  socket.end(digest.digest())
}

const commands = {
  /** Each connection gets the body once. */
  listen({ bytes }: { bytes: number }): Promise<number> {
    const data = randomFillSync(Buffer.alloc(dataBytes))
    return listenOnLoopback(socket => {
      send(socket, data, bytes).catch(error => socket.destroy(error as Error))
    })
  },
}

export type HashSourceWorker = typeof commands
serveWorker(commands)
