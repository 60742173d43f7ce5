import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { TorcError } from '@torc/protocol/errors'
import type { Io } from '../output/io.js'

interface Question {
  readonly text: string
  /** The answer is not shown while it is typed. */
  readonly secret: boolean
  readonly signal: AbortSignal
}

/** Asks on the terminal, on standard error so that standard output stays data. */
function ask(io: Io, { text, secret, signal }: Question): Promise<string> {
  const muted = new Writable({ write: (_chunk, _encoding, done) => done() })
  io.stderr.write(text)
  const reader = createInterface({ input: io.stdin, output: secret ? muted : io.stderr, terminal: secret })
  return new Promise((resolve, reject) => {
    let answered = false
    const stop = (): void => {
      signal.removeEventListener('abort', stop)
      reader.close()
    }
    signal.addEventListener('abort', stop, { once: true })
    reader.once('line', line => {
      answered = true
      stop()
      resolve(line)
    })
    // Ctrl-C in the terminal's raw mode, Ctrl-D and an abort all end here.
    reader.once('close', () => {
      signal.removeEventListener('abort', stop)
      if (secret) io.stderr.write('\n')
      if (!answered) reject(new TorcError('INTERRUPTED', 'no answer was given'))
    })
  })
}

export async function askYesOrNo(io: Io, question: string, signal: AbortSignal): Promise<boolean> {
  return isYes(await ask(io, { text: `${question} [y/N] `, secret: false, signal }))
}

export function isYes(answer: string): boolean {
  return /^y(es)?$/i.test(answer.trim())
}

export function askSecretKey(io: Io, accessKey: string, signal: AbortSignal): Promise<string> {
  return ask(io, { text: `Secret of access key ${accessKey}: `, secret: true, signal })
}
