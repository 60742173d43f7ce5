import type { ServerResponse } from 'node:http'

/** Pieces are handed on in parts of so many bytes, so that a slow reader is seen to move. */
const partBytes = 128 * 1024

/**
 * Sends a body as fast as the client takes it. Where it fails on the way the connection is cut: the client then has
 * fewer bytes than `content-length` said, and knows.
 */
export async function sendBody(
  response: ServerResponse,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const piece of body) {
      for (let at = 0; at < piece.length; at += partBytes) {
        signal.throwIfAborted()
        if (!response.write(piece.subarray(at, at + partBytes))) await drained(response, signal)
      }
    }
  } catch (thrown) {
    response.destroy()
    throw thrown
  }
  response.end()
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      response.off('drain', onDrain)
      signal.removeEventListener('abort', onAbort)
    }
    const onDrain = (): void => {
      done()
      resolve()
    }
    const onAbort = (): void => {
      done()
      reject(signal.reason)
    }
    response.once('drain', onDrain)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}
