import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { TorcError } from '@torc/protocol/errors'

/** Pieces are handed on in parts of so many bytes, so that a slow reader is seen to move (`progress-guard.ts`). */
const partBytes = 128 * 1024

/**
 * Sends a body as its reader takes it: the next piece is read once the last one has room. The last piece leaves only
 * when the body has ended well, so that one that turns out to be damaged never arrives whole: whoever calls then cuts the
 * connection. CANCELLED where the reader has gone.
 */
export async function sendBody(
  response: ServerResponse,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  let held: Uint8Array | undefined
  for await (const piece of body) {
    if (held !== undefined) await sendPiece(response, held, signal)
    held = piece
  }
  if (held !== undefined && held.length > partBytes) {
    await sendPiece(response, held, signal)
    held = undefined
  }
  // Its head leaves with it where it is all there is.
  if (held === undefined) response.end()
  else response.end(held)
}

async function sendPiece(response: ServerResponse, piece: Uint8Array, signal: AbortSignal): Promise<void> {
  for (let at = 0; at < piece.length; at += partBytes)
    await send(response, piece.subarray(at, at + partBytes), signal)
}

async function send(response: ServerResponse, piece: Uint8Array, signal: AbortSignal): Promise<void> {
  checkOpen(response)
  if (response.write(piece)) return
  const waiting = new AbortController()
  const gone = (): void => waiting.abort()
  response.once('close', gone)
  signal.addEventListener('abort', gone, { once: true })
  try {
    if (signal.aborted) gone()
    await once(response, 'drain', { signal: waiting.signal })
  } catch (thrown) {
    throw new TorcError('CANCELLED', 'the reader of the body has gone', { cause: thrown })
  } finally {
    response.off('close', gone)
    signal.removeEventListener('abort', gone)
  }
}

function checkOpen(response: ServerResponse): void {
  if (response.destroyed || response.writableEnded)
    throw new TorcError('CANCELLED', 'the reader of the body has gone')
}
