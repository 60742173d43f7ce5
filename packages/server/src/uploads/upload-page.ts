import { compareKeys } from '@torc/protocol/identifiers/key-order'
import { limits } from '@torc/protocol/limits'
import type { UploadMarker } from '@torc/protocol/store/multipart'
import { commonPrefix, endOfPrefix } from '../list/key-order.js'
import { recordsAfter } from './upload-names.js'

export interface UploadPageRequest {
  readonly prefix: string
  readonly delimiter: string | undefined
  readonly marker: UploadMarker | undefined
  /** Uploads and prefixes of the page. */
  readonly limit: number
}

export interface ListedUpload {
  readonly key: string
  readonly uploadId: string
  /** Hybrid time. */
  readonly createdAt: number
  readonly state: 'open' | 'ending'
}

/** A page must fit the head of a frame, whatever its keys. */
const pageBytesMax = limits.headBytesMax / 2
const entryBytes = 128

/** Makes a page out of uploads that come in order, and knows where the next one begins. Pure. */
export class UploadPageBuilder {
  readonly uploads: ListedUpload[] = []
  readonly prefixes: string[] = []
  readonly #request: UploadPageRequest
  /** Strictly after it records are asked for. */
  #startAfter: string | undefined
  /** The common prefix that was added last (or in the page before): what follows under it is skipped. */
  #prefix: string | undefined
  #last: UploadMarker | undefined
  #bytes = 0
  #ended = false

  constructor(request: UploadPageRequest) {
    this.#request = request
    const { marker } = request
    if (marker === undefined) return
    this.#startAfter = recordsAfter(marker)
    // A common prefix that is where the listing starts after was listed before it.
    if (marker.uploadId === undefined && this.#prefixOf(marker.key) === marker.key) this.#skip(marker.key)
  }

  /** There is an upload for the next page. */
  get ended(): boolean {
    return this.#ended
  }

  get startAfter(): string | undefined {
    return this.#startAfter
  }

  /** Records to ask for: one more than the page takes tells whether there is another. */
  get wanted(): number {
    return Math.min(limits.listLimitMax, this.#request.limit - this.#count + 1)
  }

  get nextMarker(): UploadMarker | undefined {
    return this.#ended ? this.#last : undefined
  }

  add(upload: ListedUpload): void {
    const { key, uploadId } = upload
    if (this.#ended) return
    if (this.#prefix !== undefined && key.startsWith(this.#prefix)) {
      this.#advance(recordsAfter({ key, uploadId }))
      return
    }
    if (this.#count >= this.#request.limit || this.#bytes >= pageBytesMax) {
      this.#ended = true
      return
    }
    const prefix = this.#prefixOf(key)
    this.#bytes += entryBytes + Buffer.byteLength(prefix ?? key)
    if (prefix === undefined) {
      this.uploads.push(upload)
      this.#last = { key, uploadId }
      this.#advance(recordsAfter(this.#last))
    } else {
      this.prefixes.push(prefix)
      this.#last = { key: prefix }
      this.#skip(prefix)
    }
  }

  get #count(): number {
    return this.uploads.length + this.prefixes.length
  }

  #prefixOf(key: string): string | undefined {
    const { prefix, delimiter } = this.#request
    return delimiter === undefined || !key.startsWith(prefix)
      ? undefined
      : commonPrefix(key, prefix, delimiter)
  }

  /** Goes on behind everything under a prefix. */
  #skip(prefix: string): void {
    this.#prefix = prefix
    this.#advance(endOfPrefix(prefix))
  }

  #advance(after: string): void {
    if (this.#startAfter === undefined || compareKeys(after, this.#startAfter) > 0) this.#startAfter = after
  }
}
