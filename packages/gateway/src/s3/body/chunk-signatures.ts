import { createHash, type Hash } from 'node:crypto'
import { S3Error } from '../errors/s3-error.js'
import type { Signer } from '../signature/authenticate.js'
import { algorithm, sameSignature, scopeText, sign } from '../signature/signing.js'

const emptySha256 = createHash('sha256').digest('hex')

/** Checks the chain of signatures of a body in chunks: each is over its chunk and the signature before it. */
export class ChunkSignatures {
  readonly #signer: Signer
  #previous: string
  #chunk: Hash = createHash('sha256')

  constructor(signer: Signer) {
    this.#signer = signer
    this.#previous = signer.signature
  }

  update(bytes: Uint8Array): void {
    this.#chunk.update(bytes)
  }

  /** All of a chunk was given. SignatureDoesNotMatch where it was signed otherwise. */
  endChunk(signature: string): void {
    const chunk = this.#chunk.digest('hex')
    this.#chunk = createHash('sha256')
    this.#check(signature, [`${algorithm}-PAYLOAD`, ...this.#scope(), this.#previous, emptySha256, chunk])
  }

  /** `text`: the trailing headers as they are signed, each `name:value` and a line feed. */
  endTrailer(signature: string, text: string): void {
    const trailer = createHash('sha256').update(text, 'latin1').digest('hex')
    this.#check(signature, [`${algorithm}-TRAILER`, ...this.#scope(), this.#previous, trailer])
  }

  #scope(): readonly string[] {
    return [this.#signer.amzDate, scopeText(this.#signer.scope)]
  }

  #check(signature: string, lines: readonly string[]): void {
    if (!sameSignature(sign(this.#signer.key, lines.join('\n')), signature))
      throw new S3Error('SignatureDoesNotMatch', { message: 'The signature of a chunk does not match.' })
    this.#previous = signature
  }
}
