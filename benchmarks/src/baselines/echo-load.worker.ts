import type { Socket } from 'node:net'
import type { Sample } from '../measure/side.js'
import { serveWorker } from '../processes/worker.js'
import { FrameWriter, readFrames } from './frames.js'
import { connectToLoopback } from './loopback.js'

/** The client of the echo baseline: keeps a number of requests in flight for a time. */
let socket: Socket | undefined
let writer: FrameWriter | undefined
let onAnswer: (id: unknown, body: unknown) => void = () => {}

const commands = {
  async connect({ port }: { port: number }): Promise<void> {
    socket = await connectToLoopback(port)
    const frames = new FrameWriter(socket)
    writer = frames
    readFrames(
      socket,
      ([id, , body]) => onAnswer(id, body),
      () => frames.flush(),
    )
  },

  run({
    inFlight,
    bodyBytes,
    seconds,
  }: {
    inFlight: number
    bodyBytes: number
    seconds: number
  }): Promise<Sample> {
    const frames = writer
    if (frames === undefined) throw new Error('not connected')
    return new Promise((resolve, reject) => {
      let sent = 0
      let received = 0
      const startedMs = performance.now()
      const endMs = startedMs + seconds * 1000
      const send = (): void => frames.push([++sent, { op: 'get', bucket: 'bench', key: `objects/${sent}` }])
      onAnswer = (_id, body) => {
        received++
        if (!(body instanceof Uint8Array) || body.length !== bodyBytes) reject(new Error('wrong answer'))
        const nowMs = performance.now()
        if (nowMs < endMs) send()
        else if (received === sent) resolve({ units: received, elapsedMs: nowMs - startedMs })
      }
      for (let request = 0; request < inFlight; request++) send()
      frames.flush()
    })
  },
}

export type EchoLoadWorker = typeof commands
serveWorker(commands)
