import { createHash } from 'node:crypto'
import { systemHasher } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { compareKeys } from '@torc/protocol/identifiers/key-order'
import { type LateFacts, withLateFacts } from '@torc/protocol/store/late-facts'
import type * as m from '@torc/protocol/store/multipart'
import type * as s from '@torc/protocol/store/object-store'
import { listParts, listUploads } from '@torc/protocol/store/upload-entries'

/** What uploads need of the store that they belong to. */
export interface UploadTarget {
  /** BUCKET_NOT_FOUND where there is none. */
  check(bucket: string): void
  now(): Date
  /** Bytes of an object and the id of the version. */
  read(source: s.CopySource): { readonly bytes: Uint8Array; readonly versionId: string }
  complete(upload: MemoryUpload, bytes: Uint8Array, parts: readonly m.PartInfo[]): s.PutResult
}

interface MemoryPart {
  readonly info: m.PartInfo
  readonly bytes: Uint8Array
}

export interface MemoryUpload extends m.UploadInfo {
  readonly options: m.UploadOptions
  readonly parts: Map<number, MemoryPart>
}

/** Uploads in parts in memory. */
export class MemoryUploads implements m.UploadStore {
  readonly #target: UploadTarget
  /** By id. */
  readonly #uploads = new Map<string, MemoryUpload>()
  #counter = 0

  constructor(target: UploadTarget) {
    this.#target = target
  }

  isEmpty(bucket: string): boolean {
    return ![...this.#uploads.values()].some(upload => upload.bucket === bucket)
  }

  /** As a crash leaves an upload that was being removed. */
  leaveEnding(uploadId: string): void {
    const upload = this.#uploads.get(uploadId)
    if (upload !== undefined) this.#uploads.set(uploadId, { ...upload, state: 'ending' })
  }

  async createUpload(bucket: string, key: string, options: m.UploadOptions = {}): Promise<m.CreatedUpload> {
    this.#target.check(bucket)
    const uploadId = `u${String(++this.#counter).padStart(25, 'a')}`
    const created = { bucket, key, uploadId, createdAt: this.#target.now() }
    this.#uploads.set(uploadId, { ...created, state: 'open', options, parts: new Map() })
    return created
  }

  async uploadPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    body: s.BodyInput,
    options: m.PartOptions = {},
  ): Promise<m.PartResult> {
    const pieces: Uint8Array[] = []
    if (typeof body === 'string') pieces.push(Buffer.from(body))
    else if (body instanceof Uint8Array) pieces.push(body)
    else for await (const piece of body) pieces.push(piece)
    const bytes = Buffer.concat(pieces)
    options.onProgress?.(bytes.length)
    const facts = withLateFacts<LateFacts>(options, options.seal?.())
    return this.#add(this.#open(bucket, key, uploadId), partNumber, bytes, bytes.length, facts)
  }

  async copyPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    source: s.CopySource,
    { range }: m.CopyPartOptions = {},
  ): Promise<m.CopiedPart> {
    const { bytes, versionId } = this.#target.read(source)
    const [first, last = bytes.length - 1] = range ?? [0]
    const part = bytes.subarray(first, last + 1)
    const result = this.#add(this.#open(bucket, key, uploadId), partNumber, part, 0)
    return { ...result, sourceVersionId: versionId }
  }

  parts(bucket: string, key: string, uploadId: string): AsyncIterable<m.PartInfo> {
    return listParts(this, bucket, key, uploadId, {})
  }

  async partPage(
    bucket: string,
    key: string,
    uploadId: string,
    { partNumberMarker = 0, limit = 1000 }: m.PartPageOptions = {},
  ): Promise<m.PartPage> {
    const { parts } = this.#open(bucket, key, uploadId)
    const above = sorted(parts).filter(({ partNumber }) => partNumber > partNumberMarker)
    const page = above.slice(0, limit)
    return {
      parts: page,
      nextPartNumberMarker: above.length > limit ? page.at(-1)?.partNumber : undefined,
    }
  }

  uploads(bucket: string, options: m.UploadListOptions = {}): AsyncIterable<m.UploadInfo> {
    return listUploads(this, bucket, options)
  }

  /** Whole listings only: no page ever ends early. */
  async uploadPage(bucket: string, { prefix = '' }: m.UploadPageOptions = {}): Promise<m.UploadPage> {
    this.#target.check(bucket)
    const uploads = [...this.#uploads.values()]
      .filter(upload => upload.bucket === bucket && upload.key.startsWith(prefix))
      .sort((a, b) => compareKeys(a.key, b.key) || compareKeys(a.uploadId, b.uploadId))
      .map(({ options: _, parts: __, ...info }): m.UploadInfo => info)
    return { uploads, prefixes: [], nextMarker: undefined }
  }

  async completeUpload(
    bucket: string,
    key: string,
    uploadId: string,
    parts: readonly m.NamedPart[],
  ): Promise<s.PutResult> {
    const upload = this.#open(bucket, key, uploadId)
    const chosen = parts.map(({ partNumber, etag }) => {
      const part = upload.parts.get(partNumber)
      if (part?.info.etag !== etag) throw new TorcError('INVALID_PART', `there is no such part ${partNumber}`)
      return part
    })
    this.#uploads.delete(uploadId)
    const bytes = Buffer.concat(chosen.map(part => part.bytes))
    return this.#target.complete(
      upload,
      bytes,
      chosen.map(({ info }) => info),
    )
  }

  async abortUpload(bucket: string, key: string, uploadId: string): Promise<void> {
    this.#find(bucket, key, uploadId)
    this.#uploads.delete(uploadId)
  }

  #add(
    upload: MemoryUpload,
    partNumber: number,
    bytes: Uint8Array,
    sentBytes: number,
    { etag, metadata = [] }: LateFacts = {},
  ): m.PartResult {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const info = { partNumber, etag: etag ?? `etag-${sha256.slice(0, 4)}`, size: bytes.length, sha256 }
    const part = { ...info, metadata, createdAt: this.#target.now() }
    upload.parts.set(partNumber, { info: part, bytes })
    return { ...info, deduplicatedBytes: 0, sentBytes }
  }

  #open(bucket: string, key: string, uploadId: string): MemoryUpload {
    const upload = this.#find(bucket, key, uploadId)
    if (upload.state !== 'open') throw notFound(uploadId)
    return upload
  }

  #find(bucket: string, key: string, uploadId: string): MemoryUpload {
    this.#target.check(bucket)
    const upload = this.#uploads.get(uploadId)
    if (upload?.bucket !== bucket || upload.key !== key) throw notFound(uploadId)
    return upload
  }
}

function sorted(parts: ReadonlyMap<number, MemoryPart>): m.PartInfo[] {
  return [...parts.values()].map(({ info }) => info).sort((a, b) => a.partNumber - b.partNumber)
}

function notFound(uploadId: string): TorcError {
  return new TorcError('UPLOAD_NOT_FOUND', `there is no upload ${uploadId}`)
}

/** Digest of an object in parts, in hexadecimal. */
export function digestOfParts(parts: readonly m.PartInfo[]): string {
  const digests = parts.map(({ sha256 }) => Buffer.from(sha256, 'hex'))
  return Buffer.from(systemHasher.sha256(...digests)).toString('hex')
}
