import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Effort } from './measure/side.js'

export interface BenchmarkOptions extends Effort {
  /** Cases to run: those whose name begins with it; all when absent. */
  readonly only: string | undefined
  readonly json: boolean
  /** Measure the baselines alone. */
  readonly baselinesOnly: boolean
  /** Put the table into the README. */
  readonly writeReadme: boolean
  /** Folder under which all data of the run goes (both sides), and is removed again. */
  readonly directory: string
  /** Folder for CPU profiles of all measured processes. */
  readonly profile: string | undefined
  readonly help: boolean
}

export const usage = `npm run bench -- [options]

  --only NAME        only the cases whose name begins with NAME (see --help's list below)
  --seconds S        length of one run of small requests (default 3)
  --rounds N         timed runs of each side (default 3)
  --large-mib N      size of a large body in MiB (default 256)
  --data DIR         where both sides write (default: the temporary folder); the disk matters
  --baselines        measure the baselines alone, without a cluster
  --profile DIR      a CPU profile of each process into DIR (slower; for finding where the time goes)
  --json             one object per line instead of a table
  --write-readme     put the table into benchmarks/README.md
`

/** Parses the command line; throws with a sentence for people when it does not fit. */
export function parseOptions(args: readonly string[]): BenchmarkOptions {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      only: { type: 'string' },
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '3' },
      'large-mib': { type: 'string', default: '256' },
      data: { type: 'string', default: tmpdir() },
      baselines: { type: 'boolean', default: false },
      profile: { type: 'string' },
      json: { type: 'boolean', default: false },
      'write-readme': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    only: values.only,
    seconds: positive('--seconds', values.seconds),
    rounds: Math.ceil(positive('--rounds', values.rounds)),
    largeBytes: Math.ceil(positive('--large-mib', values['large-mib']) * 1024 * 1024),
    directory: values.data,
    baselinesOnly: values.baselines,
    profile: values.profile === undefined ? undefined : resolve(values.profile),
    json: values.json,
    writeReadme: values['write-readme'],
    help: values.help,
  }
}

function positive(flag: string, text: string): number {
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new Error(`${flag} must be a number above 0, not ${text}`)
  return value
}
