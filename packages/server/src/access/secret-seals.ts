import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import type { AccessKeyPair } from '@torc/protocol/handshake/root-key'
import { accessKeyIdOf } from '@torc/protocol/identifiers/access-key-id'

const keyBytes = 32
const secretBytes = 32
const nonceBytes = 12
const tagBytes = 16
const cipher = 'aes-256-gcm'
/** Beyond any secret key: nonce, ciphertext, tag. */
export const sealedBytesMax = 256

/**
 * Makes the secrets of access keys, and encrypts them for their records: AES-256-GCM under a key that all servers derive
 * from the cluster's secret (HKDF-SHA-256, RFC 5869), with the access key's id as additional data, so that no record's
 * secret passes for that of another. Sealed: a random nonce (12 bytes), the ciphertext, the tag (16 bytes).
 */
export class SecretSeals {
  readonly #clusterSecret: Uint8Array
  readonly #sealKey: Uint8Array
  readonly #hasher: Hasher
  readonly #random: Random

  constructor(clusterSecret: Uint8Array, hasher: Hasher, random: Random) {
    this.#clusterSecret = clusterSecret
    this.#sealKey = hkdf(clusterSecret, new Uint8Array(), 'torc access key seal', keyBytes)
    this.#hasher = hasher
    this.#random = random
  }

  /**
   * The access key that an operation makes: a retry makes the same, so that an answer that was lost leaves no key behind
   * whose secret nobody has. The 128 random bits of the operation's id are known to whoever makes the key alone, and of no
   * use without the cluster's secret.
   */
  make(opId: Uint8Array): AccessKeyPair {
    const secret = hkdf(this.#clusterSecret, opId, 'torc access key secret', secretBytes)
    return {
      accessKey: accessKeyIdOf(this.#hasher.sha256(Buffer.from('torc access key id\0'), opId)),
      secretKey: Buffer.from(secret).toString('base64url'),
    }
  }

  seal({ accessKey, secretKey }: AccessKeyPair): Uint8Array {
    const nonce = this.#random.bytes(nonceBytes)
    const sealing = createCipheriv(cipher, this.#sealKey, nonce).setAAD(Buffer.from(accessKey))
    const sealed = [sealing.update(secretKey, 'utf8'), sealing.final()]
    return Buffer.concat([nonce, ...sealed, sealing.getAuthTag()])
  }

  /** The secret key; CORRUPT where it was not sealed for this id under this cluster's secret. */
  open(accessKey: string, sealed: Uint8Array): string {
    try {
      const [nonce, tag] = [sealed.subarray(0, nonceBytes), sealed.subarray(-tagBytes)]
      const opening = createDecipheriv(cipher, this.#sealKey, nonce, { authTagLength: tagBytes })
      opening.setAAD(Buffer.from(accessKey)).setAuthTag(tag)
      const text = opening.update(sealed.subarray(nonceBytes, -tagBytes))
      return Buffer.concat([text, opening.final()]).toString('utf8')
    } catch (cause) {
      throw new TorcError('CORRUPT', `the secret of access key ${accessKey} can't be decrypted`, {
        hint: 'Its record is damaged: delete the key with `torc key delete`, and make another one.',
        cause,
      })
    }
  }
}

function hkdf(secret: Uint8Array, salt: Uint8Array, label: string, bytes: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, label, bytes))
}
