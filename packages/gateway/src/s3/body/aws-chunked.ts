import { S3Error } from '../errors/s3-error.js'
import type { ChunkSignatures } from './chunk-signatures.js'

export interface AwsChunkedOptions {
  /** Undefined: chunks are not signed. */
  readonly signatures: ChunkSignatures | undefined
  /** Whether headers may follow the last chunk. */
  readonly trailer: boolean
  /** Bytes of the content, as its sender announced them: no chunk may go beyond. */
  readonly size: number
}

/** Longest line before a chunk: its size, and its signature (64 digits). */
const chunkLineBytesMax = 256
/** Longest trailing header, and most of them. */
const trailerLineBytesMax = 1024
const trailersMax = 8

const cr = 0x0d
const lf = 0x0a

/** What comes next. */
const states = ['size', 'data', 'data-end', 'trailer', 'last-line', 'end'] as const
type State = (typeof states)[number]

/**
 * Decodes `aws-chunked`: `SIZE[;chunk-signature=…]\r\n DATA \r\n`, a chunk of size 0, and headers behind it. It does no
 * input or output: pieces go in as they come, views of the content come out. Never holds more than one line.
 */
export class AwsChunkedDecoder {
  readonly #options: AwsChunkedOptions
  readonly #trailers = new Map<string, string>()
  #state: State = 'size'
  /** The line that is not complete yet. */
  #line: Buffer = Buffer.alloc(0)
  /** Bytes that the chunk under way still lacks. */
  #left = 0
  #signature = ''
  #received = 0
  #trailerText = ''
  #trailerSigned = false

  constructor(options: AwsChunkedOptions) {
    this.#options = options
  }

  /** Content of a piece, as views of it. Throws S3Error where the framing or a signature is wrong. */
  push(piece: Buffer): Buffer[] {
    const content: Buffer[] = []
    let at = 0
    while (at < piece.length) {
      if (this.#state === 'data') {
        const taken = piece.subarray(at, at + this.#left)
        at += taken.length
        this.#left -= taken.length
        this.#options.signatures?.update(taken)
        content.push(taken)
        if (this.#left === 0) this.#state = 'data-end'
        continue
      }
      if (this.#state === 'end') throw incomplete('There are bytes behind the last chunk.')
      const end = piece.indexOf(lf, at)
      const part = piece.subarray(at, end < 0 ? piece.length : end + 1)
      at += part.length
      const max = this.#state === 'trailer' ? trailerLineBytesMax : chunkLineBytesMax
      if (this.#line.length + part.length > max) throw badFraming('A line of the body is too long.')
      this.#line = this.#line.length === 0 ? Buffer.from(part) : Buffer.concat([this.#line, part])
      if (end >= 0) this.#takeLine()
    }
    return content
  }

  /** The trailing headers, once all pieces were given. IncompleteBody where the body ended too early. */
  finish(): ReadonlyMap<string, string> {
    if (this.#state === 'trailer' && this.#line.length === 0 && this.#options.signatures === undefined) {
      // Some clients leave the empty line out behind which nothing follows.
      this.#endTrailers()
    }
    if (this.#state !== 'end') throw incomplete('The body ended within a chunk.')
    return this.#trailers
  }

  #takeLine(): void {
    const line = this.#line
    this.#line = Buffer.alloc(0)
    const withoutCr = line.at(-2) === cr
    const text = line.toString('latin1', 0, line.length - (withoutCr ? 2 : 1))
    // Only trailing headers are known to come with a line feed alone.
    if (!withoutCr && this.#state !== 'trailer') throw badFraming('A line of the body does not end in CRLF.')
    switch (this.#state) {
      case 'size':
        this.#beginChunk(text)
        return
      case 'data-end':
        if (text !== '') throw badFraming('A chunk is longer than its size.')
        this.#endChunk()
        this.#state = 'size'
        return
      case 'trailer':
        if (text === '') this.#endTrailers()
        else this.#addTrailer(text)
        return
      case 'last-line':
        if (text !== '') throw badFraming('There are bytes behind the last chunk.')
        this.#state = 'end'
    }
  }

  #beginChunk(line: string): void {
    const { signatures, size, trailer } = this.#options
    const pattern =
      signatures === undefined
        ? /^([0-9a-fA-F]{1,12})()$/
        : /^([0-9a-fA-F]{1,12});chunk-signature=([0-9a-f]{64})$/
    const [, digits, signature = ''] = pattern.exec(line) ?? []
    if (digits === undefined) throw badFraming('The size of a chunk is not well-formed.')
    this.#signature = signature
    this.#left = Number.parseInt(digits, 16)
    this.#received += this.#left
    if (this.#received > size) {
      throw incomplete('The chunks have more bytes than x-amz-decoded-content-length says.')
    }
    if (this.#left > 0) {
      this.#state = 'data'
      return
    }
    this.#endChunk()
    if (this.#received < size)
      throw incomplete('The chunks have fewer bytes than x-amz-decoded-content-length says.')
    this.#state = trailer ? 'trailer' : 'last-line'
  }

  #endChunk(): void {
    this.#options.signatures?.endChunk(this.#signature)
  }

  #addTrailer(line: string): void {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (colon < 1 || this.#trailerSigned) throw badTrailer('A trailing header is not well-formed.')
    if (name === 'x-amz-trailer-signature') {
      const { signatures } = this.#options
      if (signatures === undefined)
        throw badTrailer('The chunks are not signed, so trailing headers are not.')
      signatures.endTrailer(value, this.#trailerText)
      this.#trailerSigned = true
      return
    }
    if (this.#trailers.has(name) || this.#trailers.size === trailersMax)
      throw badTrailer('There are too many trailing headers.')
    this.#trailers.set(name, value)
    this.#trailerText += `${name}:${value}\n`
  }

  #endTrailers(): void {
    if (this.#options.signatures !== undefined && !this.#trailerSigned)
      throw badTrailer('The trailing headers are not signed.')
    this.#state = 'end'
  }
}

function badFraming(message: string): S3Error {
  return new S3Error('InvalidRequest', { message })
}

function badTrailer(message: string): S3Error {
  return new S3Error('MalformedTrailerError', { message })
}

function incomplete(message: string): S3Error {
  return new S3Error('IncompleteBody', { message })
}
