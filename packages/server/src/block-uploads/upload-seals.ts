import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { receiptBytes } from '@torc/protocol/messages/block-upload-messages'

/** Whose block it is: challenges and receipts of one operation are worth nothing to another. */
export interface UploadName {
  readonly bucketId: Uint8Array
  readonly key: string
  readonly opId: Uint8Array
}

/** How a block of an upload came to the cluster; the numbers are in receipts. */
export interface BlockOrigin {
  /** Its bytes crossed the client's socket. */
  readonly sent: boolean
  /** W of its owners had it before. */
  readonly had: boolean
}

const keyBytes = 32
const macBytes = receiptBytes - 1

/**
 * Challenges for blocks that the cluster has, and receipts for those that a client has proved or sent. Both are HMACs
 * under keys that all servers derive from the cluster's secret: no server keeps anything, and any of them can go on.
 *
 * A receipt is one byte that says how the block came, and 15 bytes of an HMAC-SHA-256 over it too.
 */
export class UploadSeals {
  readonly #challengeKey: Uint8Array
  readonly #receiptKey: Uint8Array

  constructor(clusterSecret: Uint8Array) {
    this.#challengeKey = derive(clusterSecret, 'torc block challenge')
    this.#receiptKey = derive(clusterSecret, 'torc block receipt')
  }

  /** What a proof that the client has the block must begin with. */
  challenge(name: UploadName, hash: Uint8Array): Uint8Array {
    return mac(this.#challengeKey, name, hash, new Uint8Array())
  }

  receipt(name: UploadName, hash: Uint8Array, size: number, { sent, had }: BlockOrigin): Uint8Array {
    return this.#receipt(name, hash, size, (sent ? 1 : 0) | (had ? 2 : 0))
  }

  /** How the block came, where the receipt is one of this upload for this hash and size; else undefined. */
  verify(name: UploadName, hash: Uint8Array, size: number, receipt: Uint8Array): BlockOrigin | undefined {
    const origin = receipt[0]
    if (receipt.length !== receiptBytes || origin === undefined) return undefined
    if (!timingSafeEqual(this.#receipt(name, hash, size, origin), receipt)) return undefined
    return { sent: (origin & 1) !== 0, had: (origin & 2) !== 0 }
  }

  #receipt(name: UploadName, hash: Uint8Array, size: number, origin: number): Uint8Array {
    const facts = Buffer.alloc(5)
    facts.writeUInt32BE(size, 0)
    facts.writeUInt8(origin, 4)
    const full = mac(this.#receiptKey, name, hash, facts)
    return Buffer.concat([facts.subarray(4), full.subarray(0, macBytes)])
  }
}

/** Everything before the key has a fixed length under each of the two keys: no two inputs read alike. */
function mac(secret: Uint8Array, name: UploadName, hash: Uint8Array, facts: Uint8Array): Uint8Array {
  const { bucketId, opId, key } = name
  return createHmac('sha256', secret)
    .update(bucketId)
    .update(opId)
    .update(hash)
    .update(facts)
    .update(key, 'utf8')
    .digest()
}

/** HKDF-SHA-256 (RFC 5869), as for the root key, under a label of its own. */
function derive(clusterSecret: Uint8Array, label: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', clusterSecret, new Uint8Array(), label, keyBytes))
}
