import type { Hasher } from '@torc/protocol/environment/hasher'
import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { Answer } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'
import { receiptBytes } from '@torc/protocol/messages/block-upload-messages'
import type { RequestOf } from '@torc/protocol/messages/table'
import type { Cutting } from '@torc/protocol/store/object-store'
import { type Caller, type CallSettings, Pin } from '../connection/caller.js'
import { again } from '../store/requests.js'
import type { BodyBlock } from './body-cutter.js'
import { type Company, Together } from './together.js'

/** Whose blocks they are. */
export interface UploadName {
  readonly bucket: string
  readonly key: string
  readonly opId: Uint8Array
}

const challengeBytes = 32

/**
 * An owner commits a transaction for each offer: with eight blocks in it a block costs a sixth of what it costs alone.
 * Eight blocks come by within some 10 ms.
 */
const company: Company = { enough: 8, patienceMs: 10 }

interface Proved {
  readonly block: BodyBlock
  readonly proof: Uint8Array
}

/**
 * The requests of one upload by hash. They stay at one server, which remembers that the intent is placed; when it is
 * lost, any other goes on, as what was done is in the receipts.
 */
export class BlockRequests {
  readonly #caller: Caller
  readonly #name: UploadName
  readonly #hasher: Hasher
  readonly #settings: CallSettings & { readonly pin: Pin }
  readonly #offers: Together<BodyBlock, Uint8Array | undefined>
  readonly #proofs: Together<Proved, Uint8Array | undefined>

  constructor(caller: Caller, name: UploadName, environment: Environment, settings: CallSettings) {
    this.#caller = caller
    this.#name = name
    this.#hasher = environment.hasher
    this.#settings = { ...settings, pin: new Pin() }
    this.#offers = new Together(environment.clock, company, blocks => this.#offer(blocks))
    this.#proofs = new Together(environment.clock, company, proved => this.#prove(proved))
  }

  /**
   * Offers nothing: learns how to cut, and whether the server takes uploads by hash (UNSUPPORTED where it does not),
   * and has checked what would be refused at the end.
   */
  async begin(context: string | undefined, policy: string | undefined): Promise<Cutting> {
    const head: RequestOf<'offerBlocks'> = { ...this.#name, hashes: new Uint8Array(), sizes: [] }
    if (context !== undefined) head.context = context
    if (policy !== undefined) head.policy = policy
    return (await this.#caller.call('offerBlocks', head, this.#settings)).head.cutting
  }

  /** Sees to it that the cluster has the block, and resolves with the receipt. It is sent only where it is lacking. */
  async store(block: BodyBlock): Promise<Uint8Array> {
    const challenge = await this.#offers.ask(block)
    if (challenge !== undefined) {
      const proof = this.#hasher.sha256(challenge, ...block.pieces)
      const receipt = await this.#proofs.ask({ block, proof })
      if (receipt !== undefined) return receipt
    }
    return this.#send(block)
  }

  /** Makes the version of what the list names. Lost answers are asked for again, as those of any write. */
  commit(head: RequestOf<'commitBlocks'>, list: Uint8Array): Promise<Answer<'commitBlocks'>> {
    const body = { attempt: () => list, resendable: true, streams: list.length > limits.inlineBodyBytesMax }
    return this.#caller.call('commitBlocks', head, { ...this.#settings, body, writes: true, repeat: again })
  }

  async #offer(blocks: readonly BodyBlock[]): Promise<(Uint8Array | undefined)[]> {
    const { head } = await this.#caller.call('offerBlocks', this.#about(blocks), this.#settings)
    return spread(blocks.length, head.lacking, head.challenges, challengeBytes)
  }

  async #prove(proved: readonly Proved[]): Promise<(Uint8Array | undefined)[]> {
    const proofs = Buffer.concat(proved.map(({ proof }) => proof))
    const request = { ...this.#about(proved.map(({ block }) => block)), proofs }
    const { head } = await this.#caller.call('proveBlocks', request, this.#settings)
    return spread(proved.length, head.lacking, head.receipts, receiptBytes)
  }

  async #send({ hash, size, pieces }: BodyBlock): Promise<Uint8Array> {
    const body = { attempt: () => pieces, resendable: true, streams: true }
    const plan = { ...this.#settings, body }
    return (await this.#caller.call('putObjectBlock', { ...this.#name, hash, size }, plan)).head.receipt
  }

  #about(blocks: readonly BodyBlock[]): RequestOf<'offerBlocks'> {
    const hashes = Buffer.concat(blocks.map(({ hash }) => hash))
    return { ...this.#name, hashes, sizes: blocks.map(({ size }) => size) }
  }
}

/** Gives each block that is not lacking its part of `bytes`. */
function spread(
  count: number,
  lacking: readonly number[],
  bytes: Uint8Array,
  partBytes: number,
): (Uint8Array | undefined)[] {
  const absent = new Set(lacking)
  if (bytes.length !== partBytes * (count - absent.size))
    throw new TorcError('PROTOCOL', `the server answered ${bytes.length} bytes about ${count} blocks`)
  let end = 0
  return Array.from({ length: count }, (_, i) => {
    if (absent.has(i)) return undefined
    end += partBytes
    return bytes.subarray(end - partBytes, end)
  })
}
