import { hkdfSync } from 'node:crypto'
import { base32 } from '../identifiers/base32.js'

/** An access key and its secret, as the credentials file holds them. */
export interface AccessKeyPair {
  readonly accessKey: string
  readonly secretKey: string
}

const idCharacters = 16
const idBytes = (idCharacters * 5) / 8
const secretBytes = 32

/**
 * The root access key of a cluster, derived from its secret by HKDF-SHA-256 (RFC 5869) under labels of its own, so
 * that every server can check it before there is any layout (decision 3). The access key is `TORC` and 16
 * characters of base32, the secret key 32 bytes in base64url.
 */
export function deriveRootKey(clusterSecret: Uint8Array): AccessKeyPair {
  const id = derive(clusterSecret, 'torc root access key', idBytes)
  const secret = derive(clusterSecret, 'torc root secret key', secretBytes)
  return {
    accessKey: `TORC${base32(id).toUpperCase()}`,
    secretKey: Buffer.from(secret).toString('base64url'),
  }
}

/** What a client proves the handshake with: the text of its secret key. */
export function handshakeSecretOf(secretKey: string): Uint8Array {
  return Buffer.from(secretKey, 'utf8')
}

function derive(clusterSecret: Uint8Array, label: string, bytes: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', clusterSecret, new Uint8Array(), label, bytes))
}
