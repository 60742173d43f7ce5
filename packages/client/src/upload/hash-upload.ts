import { setMaxListeners } from 'node:events'
import { makeCutter } from '@torc/protocol/cutting/make-cutter'
import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { blockEntryBytes } from '@torc/protocol/messages/block-upload-messages'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { BlockBudget } from '@torc/protocol/store/block-budget'
import { FillingPlace } from '@torc/protocol/store/filling-place'
import type { LateFacts } from '@torc/protocol/store/late-facts'
import type { Cutting, PutOptions } from '@torc/protocol/store/object-store'
import type { Caller } from '../connection/caller.js'
import { cancelledBy } from '../connection/deadline.js'
import { RepeatableBody } from '../store/repeatable-body.js'
import { addFacts, conditionFields, writeRequest } from '../store/requests.js'
import { piecesOf } from '../store/upload.js'
import { BlockRequests, type UploadName } from './block-requests.js'
import { type BodyBlock, BodyCutter } from './body-cutter.js'

export interface HashUploadParts {
  readonly caller: Caller
  readonly environment: Environment
  /** Blocks in memory, of all uploads of the store. */
  readonly places: BlockBudget
  /** Blocks that fill with what their sources give. */
  readonly filling: BlockBudget
}

/** A large body whose size is known. */
export interface SizedBody {
  readonly input: Uint8Array | AsyncIterable<Uint8Array>
  readonly size: number
}

/** The server's answer, and what it is to agree with. */
export interface StoredByHash {
  readonly head: ResponseOf<'commitBlocks'>
  readonly sha256: Uint8Array
  /** The etag that was asked for, if any. */
  readonly etag: string | undefined
}

/** A block of the body as the commit names it. */
interface ListedBlock {
  readonly hash: Uint8Array
  readonly name: string
  readonly size: number
}

/** Commits of one upload: each time those blocks are stored again that the cluster has lost meanwhile. */
const commitsMax = 4

/**
 * Puts a body by the hashes of its blocks (decision 20): one pass over it, in which each block is offered and then
 * proved or sent, many at once; then the commit. Undefined where a server does not know how: then the body is to be
 * sent as a stream, which is possible as nothing of it was read, or it can be read again.
 */
export async function putByHash(
  parts: HashUploadParts,
  name: UploadName,
  body: SizedBody,
  options: PutOptions,
): Promise<StoredByHash | undefined> {
  const upload = new HashUpload(parts, name, body, options)
  try {
    return await upload.run()
  } catch (thrown) {
    const error = TorcError.from(thrown)
    if (error.code === 'UNSUPPORTED' && upload.resendable) return undefined
    throw error
  }
}

class HashUpload {
  readonly #parts: HashUploadParts
  readonly #name: UploadName
  readonly #body: SizedBody
  readonly #options: PutOptions
  readonly #requests: BlockRequests
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  /** The body's blocks in order. */
  readonly #list: ListedBlock[] = []
  /** Receipts by the hashes' names: of equal blocks one is stored. */
  readonly #receipts = new Map<string, Promise<Uint8Array>>()
  readonly #running = new Set<Promise<void>>()
  readonly #filling: FillingPlace
  #begun = false
  #failure: TorcError | undefined

  constructor(parts: HashUploadParts, name: UploadName, body: SizedBody, options: PutOptions) {
    this.#parts = parts
    this.#name = name
    this.#body = body
    this.#options = options
    const { signal, timeoutMs } = options
    this.#signal = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal])
    this.#filling = new FillingPlace(parts.filling, parts.environment.clock)
    // Each block that is under way listens to it.
    setMaxListeners(0, this.#signal)
    this.#requests = new BlockRequests(parts.caller, name, parts.environment, {
      signal: this.#signal,
      timeoutMs,
    })
  }

  /** Whether the body can be read from its beginning (again). */
  get resendable(): boolean {
    const { input } = this.#body
    return !this.#begun || input instanceof Uint8Array || input instanceof RepeatableBody
  }

  async run(): Promise<StoredByHash> {
    const { context, policy, onProgress } = this.#options
    const cutting = await this.#requests.begin(context, policy)
    const sha256 = await this.#pass(cutting, (block, i) => {
      this.#list[i] = { hash: block.hash, name: nameOf(block), size: block.size }
      return onProgress
    })
    const late = this.#options.seal?.()
    const etag = late?.etag ?? this.#options.etag
    for (let commits = 1; ; commits++) {
      try {
        return { head: await this.#commit(sha256, late, commits > 1), sha256, etag }
      } catch (thrown) {
        const error = TorcError.from(thrown)
        if (error.code !== 'BLOCKS_MISSING' || commits === commitsMax) throw error
        this.#forget(error)
        await this.#pass(cutting, (block, i) => {
          if (this.#list[i]?.name !== nameOf(block))
            throw new TorcError('BAD_REQUEST', 'the body changed while it was being stored')
          return undefined
        })
      }
    }
  }

  /**
   * Reads the body and stores its blocks as far as there are no receipts for them. `onBlock` is told of each in
   * order; what it returns is called with the block's size when the block is done. Resolves with the digest of the
   * whole when all are.
   */
  async #pass(
    cutting: Cutting,
    onBlock: (block: BodyBlock, index: number) => ((bytes: number) => void) | undefined,
  ): Promise<Uint8Array> {
    const cutter = new BodyCutter(makeCutter(cutting), this.#parts.environment.hasher)
    let index = 0
    this.#begun = true
    try {
      for await (const piece of this.#pieces()) {
        for (const block of cutter.push(piece)) await this.#take(block, onBlock(block, index++))
        // Many uploads at once wait here for each other, each with a piece instead of a block.
        const waiting = cutter.pendingBytes === 0 ? undefined : this.#filling.take()
        if (waiting !== undefined) await waiting
      }
      const last = cutter.finish()
      if (last !== undefined) await this.#take(last, onBlock(last, index))
    } catch (thrown) {
      this.#fail(thrown)
    } finally {
      this.#filling.leave()
    }
    // Also after a failure: until then blocks are in memory.
    await Promise.all(this.#running)
    if (this.#failure !== undefined) throw this.#failure
    return cutter.sha256()
  }

  /** The body, each piece within the deadline of a step. */
  async *#pieces(): AsyncGenerator<Uint8Array> {
    const { caller } = this.#parts
    const { timeoutMs } = this.#options
    const source = piecesOf(this.#body.input, this.#body.size)
    try {
      for (;;) {
        const next = await caller.deadline({ timeoutMs, signal: this.#signal }).wait(source.next())
        if (next.done === true) return
        yield next.value
      }
    } finally {
      // A source that hangs would keep the failure from its caller; one that fails once more has nothing to add.
      source.return(undefined).catch(() => {})
    }
  }

  /** Waits for a place, so that the source is read no faster than blocks are done. */
  async #take(block: BodyBlock, onDone: ((bytes: number) => void) | undefined): Promise<void> {
    const { size } = block
    const name = nameOf(block)
    this.#filling.filled()
    let receipt = this.#receipts.get(name)
    if (receipt === undefined) {
      await this.#place()
      receipt = this.#requests.store(block).finally(() => this.#parts.places.release())
      this.#receipts.set(name, receipt)
    }
    this.#filling.leave()
    const running: Promise<void> = receipt.then(
      () => {
        this.#running.delete(running)
        onDone?.(size)
      },
      (error: unknown) => {
        this.#running.delete(running)
        this.#fail(error)
      },
    )
    this.#running.add(running)
  }

  async #place(): Promise<void> {
    const { places } = this.#parts
    const signal = this.#signal
    if (signal.aborted) throw cancelledBy(signal)
    const place = places.acquire()
    if (place === undefined) return
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        // The place is still to come, and goes back then.
        void place.then(() => places.release())
        reject(cancelledBy(signal))
      }
      signal.addEventListener('abort', onAbort, { once: true })
      void place.then(() => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
    })
  }

  /** The first failure counts; it ends all that is under way. */
  #fail(thrown: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = TorcError.from(thrown)
    this.#stop.abort(this.#failure)
  }

  async #commit(
    sha256: Uint8Array,
    late: LateFacts | undefined,
    retry: boolean,
  ): Promise<ResponseOf<'commitBlocks'>> {
    const { bucket, key, opId } = this.#name
    const head = {
      ...writeRequest(bucket, opId, this.#options, undefined),
      ...conditionFields(this.#options),
      ...{ key, size: this.#body.size, sha256 },
    }
    addFacts(head, late)
    if (retry) head.retry = true
    const list = Buffer.alloc(this.#list.length * blockEntryBytes)
    let at = 0
    for (const { hash, name, size } of this.#list) {
      list.set(hash, at)
      list.writeUInt32BE(size, at + hash.length)
      list.set((await this.#receipts.get(name)) as Uint8Array, at + hash.length + 4)
      at += blockEntryBytes
    }
    return (await this.#requests.commit(head, list)).head
  }

  /** Takes back the receipts of blocks that are gone. Throws where the body can't be read again. */
  #forget(error: TorcError): void {
    const missing = error.details?.['missing']
    const names = (Array.isArray(missing) ? missing : []).flatMap(i => this.#list[i as number]?.name ?? [])
    if (names.length === 0) throw error
    if (!this.resendable) {
      throw new TorcError(error.code, error.message, {
        cause: error,
        hint: 'Put it again: this source can be read only once. What the cluster has is not sent again.',
      })
    }
    for (const name of names) this.#receipts.delete(name)
  }
}

function nameOf({ hash }: BodyBlock): string {
  return Buffer.from(hash).toString('hex')
}
