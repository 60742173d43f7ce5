import { digestsEqual, emptyDigest } from '@torc/cluster/state/digest'
import type { Log } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import type { TreeKind } from '../trees/leaf-rows.js'
import { inParallel } from './in-parallel.js'
import type { KeyRepair } from './key-repair.js'
import { OwnFailure } from './own-failure.js'
import type { LeafKey, LeafReference, PeerReplicas } from './peer-replicas.js'
import { isSilence } from './peer-silence.js'
import type { ReferenceRepair } from './reference-repair.js'

/** What repairing some items of a leaf came to. */
export interface LeafRepair {
  /** Items that differed, and those of them that took something over. */
  readonly different: number
  readonly repaired: number
  /** Bytes that came. */
  readonly bytes: number
  /** Something could not be taken over. */
  readonly failed: boolean
}

/** What is in the leaves of one kind of tree, and how it is compared and repaired. */
export interface LeafKind<T> {
  readonly kind: TreeKind
  pages(peer: string, partition: number, leaf: number, signal: AbortSignal): AsyncIterable<readonly T[]>
  nameOf(item: T): string
  /** Whether this agent has something else than the peer. */
  differs(item: T): boolean
  /** Takes over what is missing here. Rejects where the peer is silent, or the own disk fails. */
  repair(peer: string, items: readonly T[], signal: AbortSignal): Promise<LeafRepair>
}

/** Keys that are repaired at once. */
const keysAtOnce = 8

export class KeyLeaves implements LeafKind<LeafKey> {
  readonly kind = 'keys'
  readonly #replicas: PeerReplicas
  readonly #repair: KeyRepair
  readonly #log: Log

  constructor(replicas: PeerReplicas, repair: KeyRepair, log: Log) {
    this.#replicas = replicas
    this.#repair = repair
    this.#log = log
  }

  pages(peer: string, partition: number, leaf: number, signal: AbortSignal) {
    return this.#replicas.leafKeys(peer, partition, leaf, signal)
  }

  nameOf({ bucketId, key }: LeafKey): string {
    return `${latin(bucketId)}${key}`
  }

  differs(item: LeafKey): boolean {
    // An empty state has nothing to give.
    return !digestsEqual(item.digest, emptyDigest) && !digestsEqual(item.digest, this.#repair.digestOf(item))
  }

  async repair(peer: string, items: readonly LeafKey[], signal: AbortSignal): Promise<LeafRepair> {
    let [repaired, bytes, failed] = [0, 0, false]
    await inParallel(items, keysAtOnce, async item => {
      try {
        const pulled = await this.#repair.pull(peer, item, signal)
        if (pulled.changed) repaired++
        bytes += pulled.bytes
      } catch (thrown) {
        const error = TorcError.from(thrown)
        if (isSilence(error.code) || thrown instanceof OwnFailure || !(thrown instanceof TorcError))
          throw thrown
        // One key that cannot be taken over must not keep the others from it.
        failed = true
        this.#log.warn({ peer, key: item.key, err: error }, 'a key could not be repaired')
      }
    })
    return { different: items.length, repaired, bytes, failed }
  }
}

export class ReferenceLeaves implements LeafKind<LeafReference> {
  readonly kind = 'blocks'
  readonly #replicas: PeerReplicas
  readonly #repair: ReferenceRepair
  readonly #unseen: boolean

  /** `unseen` as for `ReferenceRepair.takeOver`. */
  constructor(replicas: PeerReplicas, repair: ReferenceRepair, unseen = false) {
    this.#replicas = replicas
    this.#repair = repair
    this.#unseen = unseen
  }

  pages(peer: string, partition: number, leaf: number, signal: AbortSignal) {
    return this.#replicas.leafReferences(peer, partition, leaf, signal)
  }

  nameOf({ hash, bucketId, key, opId }: LeafReference): string {
    return `${latin(hash)}${latin(opId)}${latin(bucketId)}${key}`
  }

  differs(item: LeafReference): boolean {
    return !this.#repair.isHere(item)
  }

  async repair(_peer: string, items: readonly LeafReference[], signal: AbortSignal): Promise<LeafRepair> {
    const { needed, taken, bytes } = await this.#repair.takeOver(items, signal, this.#unseen)
    // References that nobody needs any more are for audits: no difference to speak of.
    return { different: needed, repaired: taken, bytes, failed: taken < needed }
  }
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
