import { parseArgs } from 'node:util'

export interface SyncScaleOptions {
  /** Of the tree whose costs are compared with those of a small one. */
  readonly files: number
  /** Of the small one. */
  readonly fewFiles: number
  /** Single changes that are timed in each tree. */
  readonly samples: number
  /** Made while the process is stopped. */
  readonly created: number
  /** In a folder that is moved in. */
  readonly moved: number
  /** Of one large file. */
  readonly largeBytes: number
  /** How long a pair at rest is looked at. */
  readonly restSeconds: number
  /** From one scan of the whole folder to the next, where the watcher is not to be alone. */
  readonly intervalSeconds: number
}

export const usage = `npm run scale:sync -- [options]

  --files N        files of the large tree (default 20000)
  --few N          files of the small tree that it is compared with (default 1000)
  --samples N      single changes that are timed in each (default 9)
  --created N      files that are made while the process is stopped (default 40000)
  --moved N        files of a folder that is moved in (default 5000)
  --large-mib N    size of one large file (default 256)
  --rest N         seconds for which a pair at rest is looked at (default 60)
  --interval N     seconds from one scan of all to the next (default 60)
  --json           one object per line

Two folders and three copies in a cluster, all in the temporary folder, which are removed: 3 GB.
`

const mebibyte = 1024 * 1024

/** Parses the command line; throws with a sentence for people when it does not fit. */
export function parseOptions(
  args: readonly string[],
): SyncScaleOptions & { readonly json: boolean; readonly help: boolean } {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      files: { type: 'string', default: '20000' },
      few: { type: 'string', default: '1000' },
      samples: { type: 'string', default: '9' },
      created: { type: 'string', default: '40000' },
      moved: { type: 'string', default: '5000' },
      'large-mib': { type: 'string', default: '256' },
      rest: { type: 'string', default: '60' },
      interval: { type: 'string', default: '60' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    files: whole('--files', values.files, 1, 1_000_000),
    fewFiles: whole('--few', values.few, 1, 1_000_000),
    samples: whole('--samples', values.samples, 1, 1000),
    created: whole('--created', values.created, 1, 1_000_000),
    moved: whole('--moved', values.moved, 1, 1_000_000),
    largeBytes: whole('--large-mib', values['large-mib'], 1, 16 * 1024) * mebibyte,
    restSeconds: whole('--rest', values.rest, 1, 3600),
    intervalSeconds: whole('--interval', values.interval, 1, 3600),
    json: values.json,
    help: values.help,
  }
}

function whole(flag: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw new Error(`${flag} must be a whole number from ${min} to ${max}, not ${text}`)
  return value
}
