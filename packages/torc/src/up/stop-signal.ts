export interface StopSignal {
  readonly signal: AbortSignal
  /** Resolves when the cluster is to stop. */
  readonly stopped: Promise<void>
  dispose(): void
}

/** Ctrl-C and SIGTERM come by `interrupted`; a terminal that is closed (SIGHUP) stops the cluster as well. */
export function stopSignal(interrupted: AbortSignal, hangUp: NodeJS.EventEmitter = process): StopSignal {
  const controller = new AbortController()
  const stop = (): void => controller.abort(interrupted.reason)
  const stopped = new Promise<void>(resolve => {
    controller.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  if (interrupted.aborted) stop()
  interrupted.addEventListener('abort', stop, { once: true })
  hangUp.on('SIGHUP', stop)
  return {
    signal: controller.signal,
    stopped,
    dispose: () => {
      interrupted.removeEventListener('abort', stop)
      hangUp.off('SIGHUP', stop)
    },
  }
}
