import type { Readable, Writable } from 'node:stream'

/** The streams of a program run, injected so that tests can read what it says. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly directory: string
  /** Calls back on Ctrl-C (SIGINT) and on SIGTERM; the returned function stops that. */
  onInterrupt(callback: () => void): () => void
}

/** The process's own streams and signals. */
export function processIo(): Io {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    variables: process.env,
    directory: process.cwd(),
    onInterrupt(callback) {
      process.on('SIGINT', callback)
      process.on('SIGTERM', callback)
      return () => {
        process.off('SIGINT', callback)
        process.off('SIGTERM', callback)
      }
    },
  }
}
