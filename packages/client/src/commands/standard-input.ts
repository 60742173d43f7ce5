import { TorcError } from '@torc/protocol/errors'
import type { CommandContext } from './command.js'

/** Standard input as a body; refused in the REPL, which reads its own commands from there. */
export function readStandardInput(context: CommandContext): AsyncIterable<Uint8Array> {
  if (context.inShell) {
    throw new TorcError('BAD_REQUEST', 'name a FILE: the shell itself reads standard input', {
      hint: 'For example: put BUCKET/KEY FILE',
    })
  }
  if (context.io.stdin.isTTY === true) context.output.note('reading standard input; Ctrl-D ends it')
  return interruptible(context.io.stdin, context.signal)
}

/** Ends with the signal's reason when it aborts, also while nothing comes. */
async function* interruptible(input: NodeJS.ReadableStream, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const stop = (): void => {
    const readable = input as NodeJS.ReadableStream & { destroy?: (error: Error) => void }
    readable.destroy?.(signal.reason)
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const piece of input) yield typeof piece === 'string' ? Buffer.from(piece) : piece
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
