import { parseArgs } from 'node:util'

export interface GatewayScaleOptions {
  /** Of the object that is uploaded in parts and read back. */
  readonly bytes: number
  readonly partBytes: number
  /** Parts under way at a time. */
  readonly inFlight: number
  /** Small requests under way at a time, and how many there are of each kind. */
  readonly smallInFlight: number
  readonly smallRequests: number
  /** Copies of each block; undefined: 3 where the disk has room for them, else 1. */
  readonly replicas: number | undefined
  /** Peak resident memory that the gateway's process may have, in bytes. */
  readonly memoryBytesMax: number
}

export const usage = `npm run scale:gateway -- [options]

  --size-mib N       size of the object in MiB (default 5120)
  --part-mib N       size of a part in MiB (default 64)
  --parts N          parts under way at a time (default 4)
  --small N          small requests under way at a time (default 256)
  --requests N       small requests of each kind (default 5120)
  --replicas N       copies on disk, 1 to 3 (default 3, or 1 with less than 25 GB of free disk)
  --memory-mib N     what the gateway's process may have resident at its peak (default 250)
  --json             one object per line

Writes size × replicas bytes into the temporary folder, and removes them.
`

const mebibyte = 1024 * 1024

/** Parses the command line; throws with a sentence for people when it does not fit. */
export function parseOptions(
  args: readonly string[],
): GatewayScaleOptions & { readonly json: boolean; readonly help: boolean } {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      'size-mib': { type: 'string', default: '5120' },
      'part-mib': { type: 'string', default: '64' },
      parts: { type: 'string', default: '4' },
      small: { type: 'string', default: '256' },
      requests: { type: 'string', default: '5120' },
      replicas: { type: 'string' },
      'memory-mib': { type: 'string', default: '250' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const partBytes = whole('--part-mib', values['part-mib'], 5, 5 * 1024) * mebibyte
  return {
    bytes: whole('--size-mib', values['size-mib'], 1, 16 * 1024) * mebibyte,
    partBytes,
    inFlight: whole('--parts', values.parts, 1, 64),
    smallInFlight: whole('--small', values.small, 1, 4_000),
    smallRequests: whole('--requests', values.requests, 1, 1_000_000),
    replicas: values.replicas === undefined ? undefined : whole('--replicas', values.replicas, 1, 3),
    memoryBytesMax: whole('--memory-mib', values['memory-mib'], 1, 1024 * 1024) * mebibyte,
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
