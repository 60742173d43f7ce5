import { type ChildMessage, failedMessage, type HttpFaces } from './messages.js'

/** Set in the environment of a process that `torc up` started. */
export const supervisedVariable = 'TORC_SUPERVISED'

/** The child's end of supervision. */
export interface Supervised {
  ready(node: { readonly id: string; readonly address: string } & HttpFaces): void
  failed(thrown: unknown): Promise<void>
  /** Aborts when the supervisor is gone, however it ended, or asks this process to stop. */
  readonly stop: AbortSignal
}

/**
 * The supervisor of this process; undefined when it was started by hand. The channel between the two is
 * closed by the operating system when the supervisor dies, even by `kill -9`: no child can be left behind.
 */
export function supervision(child: NodeJS.Process = process): Supervised | undefined {
  if (child.env[supervisedVariable] === undefined || child.send === undefined) return undefined
  const stop = new AbortController()
  child.once('disconnect', () => stop.abort())
  child.once('SIGTERM', () => stop.abort())
  // Ctrl-C reaches every process of the terminal; the supervisor decides who ends when.
  child.on('SIGINT', () => undefined)
  child.on('SIGHUP', () => undefined)
  const send = (message: ChildMessage): Promise<void> =>
    new Promise(resolve => {
      // A failure to send means that the supervisor is gone, which `disconnect` tells.
      if (!child.connected) resolve()
      else child.send?.(message, undefined, undefined, () => resolve())
    })
  return {
    ready: ({ id, address, http, s3 }) => void send({ type: 'ready', id, address, http, s3 }),
    failed: thrown => send(failedMessage(thrown)),
    stop: stop.signal,
  }
}
