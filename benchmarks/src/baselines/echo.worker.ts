import { randomFillSync } from 'node:crypto'
import { serveWorker } from '../processes/worker.js'
import { FrameWriter, readFrames } from './frames.js'
import { listenOnLoopback } from './loopback.js'

/** The last process of the echo baseline: answers each request `[id, head]` with `[id, head, body]`. */
const commands = {
  listen({ bodyBytes }: { bodyBytes: number }): Promise<number> {
    const body = randomFillSync(Buffer.alloc(bodyBytes))
    return listenOnLoopback(socket => {
      const writer = new FrameWriter(socket)
      readFrames(
        socket,
        ([id, head]) => writer.push([id, head, body]),
        () => writer.flush(),
      )
    })
  },
}

export type EchoWorker = typeof commands
serveWorker(commands)
