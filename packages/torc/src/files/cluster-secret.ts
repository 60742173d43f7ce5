import { readJsonFile, writePrivateFile } from '@torc/client/config/private-file'
import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'

/** What makes a process a member of a cluster. */
export interface ClusterSecret {
  /** 32 lower-case hex characters. */
  readonly clusterId: string
  /** 32 bytes. */
  readonly secret: Uint8Array
}

const secretBytes = 32

/** Reads a cluster secret file; undefined when there is none. Refuses one that others can read. */
export function readClusterSecret(path: string): ClusterSecret | undefined {
  const content = readJsonFile(path, { ownerOnly: true })
  if (content === undefined) return undefined
  const { clusterId, secret } = content
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'base64url') : undefined
  if (typeof clusterId !== 'string' || !/^[0-9a-f]{32}$/.test(clusterId) || bytes?.length !== secretBytes) {
    throw new TorcError('CONFIG', `${path} holds no cluster secret`, {
      hint: 'Copy the file that `torc init` (or `torc up`) made, unchanged.',
    })
  }
  return { clusterId, secret: bytes }
}

/** The secret that `--cluster-secret-file` names; CONFIG when it names nothing. */
export function requireClusterSecret(path: string | undefined): ClusterSecret {
  const hint = '`torc init --out DIR` makes one for a new cluster; all its processes need the same file.'
  if (path === undefined)
    throw new TorcError('CONFIG', 'no cluster secret: --cluster-secret-file is missing', { hint })
  const found = readClusterSecret(path)
  if (found === undefined) throw new TorcError('CONFIG', `there is no cluster secret file ${path}`, { hint })
  return found
}

/** Makes the secret of a new cluster and writes it where only its owner can read it. */
export function makeClusterSecret(path: string, random: Random): ClusterSecret {
  const clusterId = Buffer.from(random.bytes(16)).toString('hex')
  const secret = random.bytes(secretBytes)
  writePrivateFile(
    path,
    `${JSON.stringify({ clusterId, secret: Buffer.from(secret).toString('base64url') })}\n`,
  )
  return { clusterId, secret }
}
