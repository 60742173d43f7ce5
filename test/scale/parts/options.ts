import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { limits } from '@torc/protocol/limits'

export interface PartsOptions {
  /** Parts that are uploaded between those that are measured; the upload has these and the measured ones. */
  readonly between: number
  readonly partBytes: number
  /** Uploads of parts under way at a time between the measured ones. */
  readonly inFlight: number
  /** Under it all data lies in a new folder, which is removed at the end. */
  readonly folder: string
  readonly json: boolean
  readonly help: boolean
}

/** Parts that are measured: around part 10 and around part 9,990, some of each. */
export const early = numbers(3, 17)
export const late = numbers(9_983, 9_997)
/** All others, so that the upload has 10,000. */
const others = limits.objectPartsMax - early.length - late.length

export const usage = `npm run scale:parts -- [options]

  --between N        parts uploaded beside those that are measured (default ${others}: 10,000 in all)
  --part-bytes N     bytes of each part (default 4096)
  --in-flight N      parts on their way at a time (default 32)
  --folder DIR       where the cluster writes (default: the temporary folder)
  --json             one object per line instead of a table
`

/** Parses the command line; throws with a sentence for people when it does not fit. */
export function parseOptions(args: readonly string[]): PartsOptions {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      between: { type: 'string', default: String(others) },
      'part-bytes': { type: 'string', default: '4096' },
      'in-flight': { type: 'string', default: '32' },
      folder: { type: 'string', default: tmpdir() },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    between: count('--between', values.between, 0, others),
    partBytes: count('--part-bytes', values['part-bytes'], 2, limits.blockBytes),
    inFlight: count('--in-flight', values['in-flight'], 1, 1_000),
    folder: values.folder,
    json: values.json,
    help: values.help,
  }
}

function count(flag: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new Error(`${flag} must be a whole number from ${min} to ${max}, not ${text}`)
  }
  return value
}

export function numbers(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}
