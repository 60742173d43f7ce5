import { pipeline } from 'node:stream'
import { serveWorker } from '../processes/worker.js'
import { connectToLoopback, listenOnLoopback } from './loopback.js'

/** The middle process of the hashing relay: passes bytes on under back-pressure and looks at none. */
const commands = {
  listen({ sourcePort }: { sourcePort: number }): Promise<number> {
    return listenOnLoopback(client => {
      connectToLoopback(sourcePort).then(
        source =>
          pipeline(source, client, error => {
            if (error) client.destroy(error)
          }),
        (error: Error) => client.destroy(error),
      )
    })
  },
}

export type HashRelayWorker = typeof commands
serveWorker(commands)
