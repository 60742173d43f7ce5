import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

export interface InteropOptions {
  /** Clients to run: those of these names; all when empty. */
  readonly only: readonly string[]
  /** Where clients are installed that this machine lacks; kept for the next run. */
  readonly tools: string
  readonly largeBytes: number
  /** Keys of the bucket that every client lists. */
  readonly keys: number
  readonly json: boolean
  readonly help: boolean
}

export const usage = `npm run interop -- [options]

  --only NAME        only the client of that name; may be repeated
  --tools DIR        where clients are installed that are missing (default: a folder of the temporary folder)
  --large-mib N      size of the large file in MiB (default 200)
  --keys N           keys of the bucket that is listed (default 3000)
  --json             one object per line instead of a table
`

/** Parses the command line; throws with a sentence for people when it does not fit. */
export function parseOptions(args: readonly string[]): InteropOptions {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      tools: { type: 'string', default: join(tmpdir(), 'torc-interop-tools') },
      'large-mib': { type: 'string', default: '200' },
      keys: { type: 'string', default: '3000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    only: values.only,
    tools: resolve(values.tools),
    largeBytes: whole('--large-mib', values['large-mib'], 1024) * 1024 * 1024,
    keys: whole('--keys', values.keys, 100_000),
    json: values.json,
    help: values.help,
  }
}

function whole(flag: string, text: string, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > max)
    throw new Error(`${flag} must be a whole number from 1 to ${max}, not ${text}`)
  return value
}
