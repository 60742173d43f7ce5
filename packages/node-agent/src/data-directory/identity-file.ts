import { TorcError } from '@torc/protocol/errors'

/** Name of the file that makes a directory an agent's data directory. */
export const identityFile = 'identity.json'

/** Format of the directory as a whole. Raised when an older Torc must not touch it; see `data-directory.ts`. */
export const directoryFormat = 1

/** Who the agent of a data directory is. Written once. */
export interface AgentIdentity {
  readonly format: number
  readonly clusterId: string
  /** `name-xxxxxxxx`. */
  readonly nodeId: string
  /** `creating` until the index exists: nothing was ever acknowledged from such a directory. */
  readonly state: 'creating' | 'ready'
}

export function encodeIdentity(identity: AgentIdentity): Uint8Array {
  return Buffer.from(`${JSON.stringify(identity, null, 2)}\n`)
}

/** Reads the identity; DATA_DIRECTORY when it is damaged or of a format that this version does not know. */
export function decodeIdentity(bytes: Uint8Array, directory: string): AgentIdentity {
  const damaged = (why: string, cause?: unknown): TorcError =>
    new TorcError('DATA_DIRECTORY', `${directory}/${identityFile} is damaged: ${why}`, {
      cause,
      hint: 'Restore the file from a backup of this directory, or start the agent with an empty directory.',
    })
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (thrown) {
    throw damaged('it is no JSON text', thrown)
  }
  if (typeof value !== 'object' || value === null) throw damaged('it is no JSON object')
  const { format, clusterId, nodeId, state } = value as Record<string, unknown>
  if (typeof format !== 'number' || !Number.isSafeInteger(format) || format < 1)
    throw damaged('`format` is no number')
  if (format > directoryFormat) {
    throw new TorcError(
      'DATA_DIRECTORY',
      `${directory} has format ${format}; this version of Torc knows formats up to ${directoryFormat}`,
      { hint: 'Start it with the version of Torc that last used the directory, or a newer one.' },
    )
  }
  if (typeof clusterId !== 'string' || !/^[0-9a-f]{32}$/.test(clusterId))
    throw damaged('`clusterId` is no cluster id')
  if (typeof nodeId !== 'string' || nodeId === '' || nodeId.length > 64)
    throw damaged('`nodeId` is no node id')
  if (state !== 'creating' && state !== 'ready') throw damaged('`state` is unknown')
  return { format, clusterId, nodeId, state }
}
