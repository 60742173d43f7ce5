import { parseArgs } from 'node:util'

export interface StreamOptions {
  /** Bodies that are sent, and then read, at the same time. */
  readonly streams: number
  readonly bytes: number
  readonly replicas: number
  /** Peak resident memory that each process may have, in bytes. */
  readonly memoryBytesMax: number
  readonly json: boolean
  readonly help: boolean
}

export const usage = `npm run streams -- [options]

  --streams N        bodies under way at a time (default 100)
  --size N[MiB]      size of each in MiB (default 64)
  --replicas N       copies of each on disk, 1 to 3 (default 1)
  --memory N[MiB]    what each process may have resident at its peak (default 300)
  --json             one object per line instead of a table

Writes streams × size × replicas bytes into the temporary folder, and removes them.
`

/** Parses the command line; throws with a sentence for people when it does not fit. */
export function parseOptions(args: readonly string[]): StreamOptions {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      streams: { type: 'string', default: '100' },
      size: { type: 'string', default: '64' },
      replicas: { type: 'string', default: '1' },
      memory: { type: 'string', default: '300' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    streams: whole('--streams', values.streams, 10_000),
    bytes: whole('--size', mebibytes(values.size), 16 * 1024) * 1024 * 1024,
    replicas: whole('--replicas', values.replicas, 3),
    memoryBytesMax: whole('--memory', mebibytes(values.memory), 1024 * 1024) * 1024 * 1024,
    json: values.json,
    help: values.help,
  }
}

function mebibytes(text: string): string {
  return text.replace(/MiB$/, '')
}

function whole(flag: string, text: string, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > max)
    throw new Error(`${flag} must be a whole number from 1 to ${max}, not ${text}`)
  return value
}
