import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'

export interface ScaleOptions {
  /** Keys of 1 KiB in one bucket. */
  readonly keys: number
  /** Versions of one key. */
  readonly versions: number
  /** Measured runs of each operation on each side. */
  readonly repetitions: number
  /** Requests of the load under way at a time. */
  readonly inFlight: number
  /** Under it all data lies in a new folder, which is removed at the end. */
  readonly folder: string
  readonly json: boolean
  readonly help: boolean
}

/** The short side has these; the long side must have more. */
export const fewKeys = 1_000
export const fewVersions = 10
export const lowCap = 100

export const usage = `npm run scale -- [options]

  --keys N           keys of 1 KiB in one bucket (default 1000000, at least ${2 * fewKeys})
  --versions N       versions of one key (default 10000, at least ${2 * lowCap})
  --repetitions N    measured runs of each operation (default 15)
  --in-flight N      requests of the load under way at a time (default 128)
  --folder DIR       where the cluster writes (default: the temporary folder); needs about 5 KiB a key
  --json             one object per line instead of a table
`

/** Parses the command line; throws with a sentence for people when it does not fit. */
export function parseOptions(args: readonly string[]): ScaleOptions {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      keys: { type: 'string', default: '1000000' },
      versions: { type: 'string', default: '10000' },
      repetitions: { type: 'string', default: '15' },
      'in-flight': { type: 'string', default: '128' },
      folder: { type: 'string', default: tmpdir() },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    keys: count('--keys', values.keys, 2 * fewKeys),
    versions: count('--versions', values.versions, 2 * lowCap),
    repetitions: count('--repetitions', values.repetitions, 1),
    inFlight: count('--in-flight', values['in-flight'], 1),
    folder: values.folder,
    json: values.json,
    help: values.help,
  }
}

function count(flag: string, text: string, min: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > 1e9) {
    throw new Error(`${flag} must be a whole number of at least ${min}, not ${text}`)
  }
  return value
}
