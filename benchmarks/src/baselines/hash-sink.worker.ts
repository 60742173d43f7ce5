import { createHash } from 'node:crypto'
import type { Sample } from '../measure/side.js'
import { serveWorker } from '../processes/worker.js'
import { connectToLoopback } from './loopback.js'

/** The last process of the hashing relay: takes the body, hashes it and compares with what the source saw. */
const commands = {
  async run({ port, bytes }: { port: number; bytes: number }): Promise<Sample> {
    const startedMs = performance.now()
    const socket = await connectToLoopback(port)
    const digest = createHash('sha256')
    const tail: Buffer[] = []
    let received = 0
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      const ofBody = Math.min(chunk.length, Math.max(0, bytes - received))
      digest.update(chunk.subarray(0, ofBody))
      if (ofBody < chunk.length) tail.push(chunk.subarray(ofBody))
      received += chunk.length
    }
    const elapsedMs = performance.now() - startedMs
    if (!digest.digest().equals(Buffer.concat(tail))) throw new Error('the body changed on its way')
    return { units: bytes, elapsedMs }
  },
}

export type HashSinkWorker = typeof commands
serveWorker(commands)
