import { TorcError } from '@torc/protocol/errors'
import type { Credentials } from '@torc/protocol/handshake/identity'
import { type AccessKeyPair, handshakeSecretOf } from '@torc/protocol/handshake/root-key'
import type { ControlCall } from '../buckets/control-store.js'
import type { AccessKeys } from './access-keys.js'

/** Patience with the record of a key; less than `limits.handshakeMs`, so that the peer is told. */
const recordMs = 3_000

/** Nodes (gateways too) prove the cluster's secret, clients that of their access key. */
export function credentialsOf(
  clusterSecret: Uint8Array,
  root: AccessKeyPair,
  accessKeys: Pick<AccessKeys, 'find'>,
): Credentials {
  const rootSecret = handshakeSecretOf(root.secretKey)
  return {
    secretOf(role, id) {
      if (role !== 'client') return clusterSecret
      return id === root.accessKey ? rootSecret : secretOf(accessKeys, id)
    },
  }
}

/**
 * The secret of an access key, for whoever checks signatures that are made with it. Undefined where there is no such key
 * (any more); UNAVAILABLE where nobody can tell.
 */
export async function secretKeyOf(
  root: AccessKeyPair,
  accessKeys: Pick<AccessKeys, 'find'>,
  id: string,
  call: ControlCall,
): Promise<string | undefined> {
  if (id === root.accessKey) return root.secretKey
  try {
    return (await accessKeys.find(id, call)).secretKey
  } catch (thrown) {
    const error = TorcError.from(thrown)
    if (error.code === 'DENIED') return undefined
    throw error
  }
}

/** Undefined where there is no such key: the handshake then fails as it does for a wrong secret. */
async function secretOf(accessKeys: Pick<AccessKeys, 'find'>, id: string): Promise<Uint8Array | undefined> {
  try {
    return (await accessKeys.find(id, { timeoutMs: recordMs })).secret
  } catch (thrown) {
    const error = TorcError.from(thrown)
    if (error.code === 'DENIED') return undefined
    throw error
  }
}
