import { createHash } from 'node:crypto'
import { TorcError } from '@torc/protocol/errors'
import type { Handlers } from '@torc/protocol/exchange/exchange'
import type { MessageName } from '@torc/protocol/messages/table'
import type { Cutting } from '@torc/protocol/store/object-store'
import { sha256, writeAnswer } from './scripted-server.js'

const blockBytesMax = 4 * 1024 * 1024
const entryBytes = 52

/**
 * Takes uploads by hash, in memory; any number of scripted servers may serve it. Challenges and receipts are those of
 * one operation on one key.
 */
export class BlockCluster {
  readonly blocks = new Map<string, Uint8Array>()
  /** Bodies of the objects, by bucket and key. */
  readonly objects = new Map<string, Buffer>()
  /** Requests that came, and the blocks in each. */
  readonly came: { readonly name: MessageName; readonly blocks: number; readonly retry: boolean }[] = []
  /** Bytes of blocks that were sent. */
  sentBytes = 0
  cutting: Cutting = 'fixed'
  /** Called before each request is served. */
  before: ((name: MessageName) => void | Promise<void>) | undefined

  count(name: MessageName): number {
    return this.came.filter(request => request.name === name).length
  }

  readonly handlers: Handlers = {
    offerBlocks: async request => {
      await this.#came('offerBlocks', request.head.sizes.length)
      const hashes = parts(request.head.hashes, 32)
      const here = hashes.map(hash => this.blocks.has(hexOf(hash)))
      return {
        head: {
          cutting: this.cutting,
          lacking: here.flatMap((has, i) => (has ? [] : [i])),
          challenges: Buffer.concat(
            hashes.filter((_, i) => here[i]).map(hash => this.#seal(request, 'challenge', hash)),
          ),
        },
      }
    },
    proveBlocks: async request => {
      await this.#came('proveBlocks', request.head.sizes.length)
      const hashes = parts(request.head.hashes, 32)
      const right = parts(request.head.proofs, 32).map((proof, i) => {
        const hash = hashes[i] as Uint8Array
        const challenge = this.#seal(request, 'challenge', hash)
        const block = this.blocks.get(hexOf(hash)) ?? Buffer.alloc(0)
        return hexOf(sha256(Buffer.concat([challenge, block]))) === hexOf(proof)
      })
      return {
        head: {
          lacking: right.flatMap((is, i) => (is ? [] : [i])),
          receipts: Buffer.concat(
            hashes.filter((_, i) => right[i]).map(hash => this.#seal(request, 'receipt', hash)),
          ),
        },
      }
    },
    putObjectBlock: async request => {
      const bytes = (await request.body?.bytes(blockBytesMax)) ?? Buffer.alloc(0)
      this.sentBytes += bytes.length
      await this.#came('putObjectBlock', 1)
      const { hash } = request.head
      if (hexOf(sha256(bytes)) !== hexOf(hash)) throw new TorcError('CHECKSUM', 'other bytes')
      this.blocks.set(hexOf(hash), Buffer.from(bytes))
      return { head: { receipt: this.#seal(request, 'receipt', hash) } }
    },
    commitBlocks: async request => {
      const list = parts((await request.body?.bytes(entryBytes * 30_000)) ?? Buffer.alloc(0), entryBytes)
      await this.#came('commitBlocks', list.length, request.head.retry)
      const missing: number[] = []
      const bytes = list.map((entry, i) => {
        const hash = entry.subarray(0, 32)
        if (hexOf(entry.subarray(36)) !== hexOf(this.#seal(request, 'receipt', hash)))
          throw new TorcError('BAD_REQUEST', `block ${i} has no receipt`)
        const block = this.blocks.get(hexOf(hash))
        if (block === undefined) missing.push(i)
        else if (block.length !== Buffer.from(entry).readUInt32BE(32))
          throw new TorcError('BAD_REQUEST', `block ${i} has another size`)
        return block ?? Buffer.alloc(0)
      })
      if (missing.length > 0) throw new TorcError('BLOCKS_MISSING', 'gone', { details: { missing } })
      const body = Buffer.concat(bytes)
      this.objects.set(`${request.head.bucket}/${request.head.key}`, body)
      const { sha256, contentType = 'none' } = request.head
      return { head: writeAnswer(body, { sha256, contentType }) }
    },
  }

  async #came(name: MessageName, blocks: number, retry = false): Promise<void> {
    this.came.push({ name, blocks, retry })
    await this.before?.(name)
  }

  #seal(
    { head }: { readonly head: { bucket: string; key: string; opId: Uint8Array } },
    label: 'challenge' | 'receipt',
    hash: Uint8Array,
  ): Uint8Array {
    const seal = createHash('sha256')
    seal.update(`${label} ${head.bucket} ${head.key} `).update(head.opId).update(hash)
    return seal.digest().subarray(0, label === 'challenge' ? 32 : 16)
  }
}

function parts(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: bytes.length / size }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
