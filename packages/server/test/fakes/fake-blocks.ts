import { versionIdOf } from '@torc/cluster/state/version'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import type { MessageName, RequestOf } from '@torc/protocol/messages/table'
import type { FakeReply } from './fake-agent.js'

/** Keeps a hint for each of these owners, if any; what the answer says of it. */
type HintFor = (owners: readonly string[] | undefined, hash: string) => { hints?: number }

/** A fake agent's blocks. */
export class FakeBlocks {
  /** By hash in hexadecimal. */
  readonly stored = new Map<string, Uint8Array>()
  /** Block's hash and version id of the operation that needs it. */
  readonly references = new Set<string>()
  readonly #hasher: Hasher
  readonly #now: () => number
  readonly #hintFor: HintFor

  constructor(hasher: Hasher, now: () => number, hintFor: HintFor) {
    this.#hasher = hasher
    this.#now = now
    this.#hintFor = hintFor
  }

  /** UNSUPPORTED where the message is not about blocks; `addressed` is the checked head. */
  answer(name: MessageName, addressed: () => unknown, body: Uint8Array | undefined): FakeReply<MessageName> {
    switch (name) {
      case 'putBlock':
        return this.#put(addressed() as RequestOf<'putBlock'>, body)
      case 'referBlocks':
        return this.#refer(addressed() as RequestOf<'referBlocks'>)
      case 'fetchBlock':
        return this.#fetch(addressed() as RequestOf<'fetchBlock'>)
      case 'fetchBlockStates':
        return this.#states(addressed() as RequestOf<'fetchBlockStates'>)
      case 'fetchBlockProof':
        return this.#proof(addressed() as RequestOf<'fetchBlockProof'>)
      default:
        throw new TorcError('UNSUPPORTED', `${name} is no message to an agent`)
    }
  }

  #put(head: RequestOf<'putBlock'>, body: Uint8Array | undefined): FakeReply<'putBlock'> {
    const hash = Buffer.from(head.hash).toString('hex')
    if (body === undefined || this.#hashOf(body) !== hash) {
      throw new TorcError('CHECKSUM', 'a block with another hash')
    }
    const before = this.stored.get(hash)
    const had = before !== undefined && this.#hashOf(before) === hash
    this.stored.set(hash, Buffer.from(body))
    this.references.add(`${hash} ${versionIdOf(head.opId)}`)
    return { head: { time: this.#now(), had, ...this.#hintFor(head.hintFor, hash) } }
  }

  #fetch(head: RequestOf<'fetchBlock'>): FakeReply<'fetchBlock'> {
    const hash = Buffer.from(head.hash).toString('hex')
    const body = this.stored.get(hash)
    if (body === undefined) throw new TorcError('UNAVAILABLE', 'this block is not here')
    if (this.#hashOf(body) !== hash) throw new TorcError('CORRUPT', 'this block is damaged')
    return { head: { time: this.#now(), size: body.length }, body }
  }

  #states({ hashes }: RequestOf<'fetchBlockStates'>): FakeReply<'fetchBlockStates'> {
    const states = Array.from({ length: hashes.length / 32 }, (_, i) => {
      const hash = Buffer.from(hashAt(hashes, i)).toString('hex')
      const block = this.stored.get(hash)
      if (block === undefined) return 'absent'
      return this.#hashOf(block) === hash ? 'stored' : 'corrupt'
    })
    return { head: { time: this.#now(), states } }
  }

  #proof(head: RequestOf<'fetchBlockProof'>): FakeReply<'fetchBlockProof'> {
    const proofs: Uint8Array[] = []
    const missing: number[] = []
    for (const [i, size] of head.sizes.entries()) {
      const hash = Buffer.from(hashAt(head.hashes, i)).toString('hex')
      const block = this.stored.get(hash)
      const sound = head.check !== true || (block !== undefined && this.#hashOf(block) === hash)
      if (block?.length === size && sound) proofs.push(this.#hasher.sha256(hashAt(head.challenges, i), block))
      else missing.push(i)
    }
    return { head: { time: this.#now(), proofs: Buffer.concat(proofs), missing } }
  }

  #hashOf(bytes: Uint8Array): string {
    return Buffer.from(this.#hasher.sha256(bytes)).toString('hex')
  }

  #refer(head: RequestOf<'referBlocks'>): FakeReply<'referBlocks'> {
    const missing: number[] = []
    for (let i = 0; i * 32 < head.hashes.length; i++) {
      const hash = Buffer.from(hashAt(head.hashes, i)).toString('hex')
      if (this.stored.has(hash)) {
        this.references.add(`${hash} ${versionIdOf(head.opId)}`)
        this.#hintFor(head.hintFor, hash)
      } else missing.push(i)
    }
    return { head: { time: this.#now(), missing } }
  }
}

/** The hash at a position of a list of them. */
export function hashAt(blocks: Uint8Array | undefined, index: number): Uint8Array {
  return (blocks ?? new Uint8Array()).slice(index * 32, index * 32 + 32)
}
