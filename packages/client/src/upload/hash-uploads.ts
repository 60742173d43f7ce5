import type { Environment } from '@torc/protocol/environment/system'
import { limits } from '@torc/protocol/limits'
import { BlockBudget } from '@torc/protocol/store/block-budget'
import type { BodyInput, PutOptions } from '@torc/protocol/store/object-store'
import type { Caller } from '../connection/caller.js'
import type { UploadName } from './block-requests.js'
import { type HashUploadParts, putByHash, type SizedBody, type StoredByHash } from './hash-upload.js'

/**
 * Blocks of bodies that are uploaded by hash, in memory at once: the 16 that a server has under way at agents, and those
 * that are offered meanwhile.
 */
const uploadedBlocks = 24
/** Beside them, those that fill with what their sources give. */
const fillingBlocks = 8
/** Uploads by hash at once: they hold blocks, where a stream holds its window. What comes beyond goes as a stream. */
const uploadsMax = 8

/** The uploads by hash of a store, which share their memory. */
export class HashUploads {
  readonly #parts: HashUploadParts
  #running = 0

  constructor(caller: Caller, environment: Environment) {
    const places = new BlockBudget(uploadedBlocks)
    const filling = new BlockBudget(fillingBlocks)
    this.#parts = { caller, environment, places, filling }
  }

  /** Undefined where the body is to be sent as a stream: it is small, or of unknown size, or nobody knows how else. */
  async put(name: UploadName, body: BodyInput, options: PutOptions): Promise<StoredByHash | undefined> {
    const large = this.#running < uploadsMax ? largeBody(body, options.size) : undefined
    if (large === undefined) return undefined
    this.#running++
    try {
      return await putByHash(this.#parts, name, large, options)
    } finally {
      this.#running--
    }
  }
}

/** A body that is worth being offered by the hashes of its blocks; undefined for all others. */
function largeBody(body: BodyInput, size: number | undefined): SizedBody | undefined {
  // A UTF-16 unit takes at most three bytes: short texts are not encoded to be measured.
  if (typeof body === 'string' && body.length * 3 < limits.uploadByHashBytesMin) return undefined
  const input = typeof body === 'string' ? Buffer.from(body) : body
  const bytes = input instanceof Uint8Array ? input.length : size
  if (bytes === undefined || bytes < limits.uploadByHashBytesMin) return undefined
  return input instanceof Uint8Array || typeof input?.[Symbol.asyncIterator] === 'function'
    ? { input, size: bytes }
    : undefined
}
