import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type ChecksumAlgorithm, checksumAlgorithms, isChecksum } from '../checksums/algorithms.js'
import { S3Error } from '../errors/s3-error.js'
import type { Signer } from '../signature/authenticate.js'
import { AwsChunkedDecoder } from './aws-chunked.js'
import type { BodyClaims } from './body-claims.js'
import { ChunkSignatures } from './chunk-signatures.js'

/** What was learned of a body from its bytes. */
export interface BodyFacts {
  /** Hex. */
  readonly md5: string
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined
}

/**
 * The content of a request's body as it comes, without framing. Iterating it checks all that was claimed and throws an
 * S3Error at the first thing that is not so, at the end at the latest: what reads it must store nothing then.
 */
export class ReceivedBody implements AsyncIterable<Uint8Array> {
  readonly #request: IncomingMessage
  readonly #claims: BodyClaims
  readonly #signer: Signer | undefined
  #facts: BodyFacts | undefined
  #failure: S3Error | undefined

  constructor(request: IncomingMessage, claims: BodyClaims, signer: Signer | undefined) {
    this.#request = request
    this.#claims = claims
    this.#signer = signer
  }

  get size(): number {
    return this.#claims.size
  }

  /** Why the body was not accepted: the reason of whatever failed with it. */
  get failure(): S3Error | undefined {
    return this.#failure
  }

  /** Known once all of it was read and found right. */
  get facts(): BodyFacts {
    if (this.#facts === undefined) throw new S3Error('IncompleteBody')
    return this.#facts
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#read()
    } catch (thrown) {
      this.#failure = thrown instanceof S3Error ? thrown : new S3Error('IncompleteBody', { cause: thrown })
      throw this.#failure
    }
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    const { size, payload, checksum } = this.#claims
    const md5 = createHash('md5')
    const sha256 = payload.kind === 'hashed' ? createHash('sha256') : undefined
    const sum = checksum === undefined ? undefined : checksumAlgorithms[checksum.algorithm].start()
    const decoder = this.#decoder()
    let received = 0
    // A reader that stops early must not tear the connection down: the client is still to be answered.
    for await (const chunk of this.#request.iterator({ destroyOnReturn: false })) {
      const pieces = decoder === undefined ? [chunk as Buffer] : decoder.push(chunk as Buffer)
      for (const piece of pieces) {
        received += piece.length
        if (received > size)
          throw new S3Error('IncompleteBody', { message: 'There are more bytes than announced.' })
        md5.update(piece)
        sha256?.update(piece)
        sum?.update(piece)
        yield piece
      }
    }
    const trailers = decoder?.finish()
    if (received < size) throw new S3Error('IncompleteBody')
    if (sha256 !== undefined) this.#checkHash(sha256.digest('hex'))
    const md5Hex = md5.digest('hex')
    if (this.#claims.md5 !== undefined && this.#claims.md5 !== md5Hex) {
      const elements = { ExpectedDigest: this.#claims.md5, CalculatedDigest: md5Hex }
      throw new S3Error('BadDigest', {
        message: 'The Content-MD5 you specified did not match what we received.',
        elements,
      })
    }
    const value = this.#checkedSum(sum?.digest(), trailers)
    this.#facts = {
      md5: md5Hex,
      checksum: checksum === undefined || value === undefined ? undefined : { ...checksum, value },
    }
  }

  #decoder(): AwsChunkedDecoder | undefined {
    const { payload, size } = this.#claims
    if (payload.kind !== 'chunked') return undefined
    const { signed, trailer } = payload
    const signer = this.#signer
    if (signed && signer === undefined) throw new S3Error('AccessDenied')
    const signatures = signed && signer !== undefined ? new ChunkSignatures(signer) : undefined
    return new AwsChunkedDecoder({ signatures, trailer, size })
  }

  #checkHash(computed: string): void {
    const { payload } = this.#claims
    if (payload.kind !== 'hashed' || payload.sha256 === computed) return
    const elements = { ClientComputedContentSHA256: payload.sha256, S3ComputedContentSHA256: computed }
    throw new S3Error('XAmzContentSHA256Mismatch', { elements })
  }

  /** The checksum in base64, once it was found to be what was claimed before the body or behind it. */
  #checkedSum(
    computed: Buffer | undefined,
    trailers: ReadonlyMap<string, string> | undefined,
  ): string | undefined {
    const { checksum } = this.#claims
    const header = checksum === undefined ? undefined : checksumAlgorithms[checksum.algorithm].header
    for (const name of trailers?.keys() ?? []) {
      if (name !== header || checksum?.value !== undefined)
        throw new S3Error('MalformedTrailerError', { message: `${name} was not announced by x-amz-trailer.` })
    }
    if (checksum === undefined || header === undefined || computed === undefined) return undefined
    const claimed = checksum.value ?? trailers?.get(header)
    if (claimed === undefined)
      throw new S3Error('MalformedTrailerError', { message: `${header} did not follow the body.` })
    if (!isChecksum(checksum.algorithm, claimed))
      throw new S3Error('InvalidRequest', { message: `Value for ${header} trailing header is invalid.` })
    const value = computed.toString('base64')
    if (claimed !== value) {
      throw new S3Error('BadDigest', {
        message: `The ${checksum.algorithm} you specified did not match the calculated checksum.`,
      })
    }
    return value
  }
}

/** A whole body that must be small, a document say, checked. MaxMessageLengthExceeded beyond `bytesMax`. */
export async function readSmallBody(body: ReceivedBody, bytesMax: number): Promise<Buffer> {
  if (body.size > bytesMax) throw new S3Error('MaxMessageLengthExceeded')
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces)
}
