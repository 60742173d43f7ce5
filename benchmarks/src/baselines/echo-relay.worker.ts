import { serveWorker } from '../processes/worker.js'
import { FrameWriter, readFrames } from './frames.js'
import { connectToLoopback, listenOnLoopback } from './loopback.js'

/**
 * The middle process of the echo baseline: decodes each request, forwards it under an id of its own and hands
 * the answer back under the client's.
 */
const commands = {
  async listen({ echoPort }: { echoPort: number }): Promise<number> {
    const echo = await connectToLoopback(echoPort)
    const toEcho = new FrameWriter(echo)
    const waiting = new Map<number, { readonly writer: FrameWriter; readonly id: unknown }>()
    const answered = new Set<FrameWriter>()
    let lastId = 0
    readFrames(
      echo,
      ([id, head, body]) => {
        const request = waiting.get(id as number)
        if (request === undefined) throw new Error(`answer to no request: ${id}`)
        waiting.delete(id as number)
        request.writer.push([request.id, head, body])
        answered.add(request.writer)
      },
      () => {
        for (const writer of answered) writer.flush()
        answered.clear()
      },
    )
    return listenOnLoopback(client => {
      const writer = new FrameWriter(client)
      readFrames(
        client,
        ([id, head]) => {
          waiting.set(++lastId, { writer, id })
          toEcho.push([lastId, head])
        },
        () => toEcho.flush(),
      )
    })
  },
}

export type EchoRelayWorker = typeof commands
serveWorker(commands)
