import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Admin } from '@torc/protocol/store/admin'
import type { CallOptions, ObjectStore } from '@torc/protocol/store/object-store'
import type { HttpCall } from '../http/face.js'
import { readBodyClaims } from './body/body-claims.js'
import { ReceivedBody, readSmallBody } from './body/received-body.js'
import type { BucketFacts } from './bucket-facts.js'
import { parameter, type Target } from './request/target.js'
import type { Route } from './route.js'
import type { Authenticated } from './signature/authenticate.js'
import { encodeUri } from './signature/canonical-request.js'
import { type ReadElement, readXml } from './xml/xml-reader.js'

export interface S3CallParts {
  /** What was known of the request before anybody read it. */
  readonly known: HttpCall
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: Target
  readonly route: Route
  readonly authenticated: Authenticated
  /** The host names the bucket. */
  readonly inHost: boolean
  readonly store: ObjectStore & Admin
  readonly buckets: BucketFacts
  readonly clock: Clock
  readonly region: string
}

/** Documents that clients send: 10,000 parts fit. */
const documentBytesMax = 1024 * 1024

/** One request of which it is known who asks for what: what an operation needs to answer it. */
export class S3Call {
  /** What was known of the request before anybody read it. */
  readonly known: HttpCall
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: Target
  readonly bucket: string
  readonly key: string
  /** As whoever asks may use it. */
  readonly store: ObjectStore & Admin
  readonly buckets: BucketFacts
  readonly clock: Clock
  /** Of this store, as GetBucketLocation tells it. */
  readonly region: string
  readonly #authenticated: Authenticated
  /** The host names the bucket. */
  readonly #inHost: boolean

  constructor(parts: S3CallParts) {
    this.known = parts.known
    this.request = parts.request
    this.response = parts.response
    this.target = parts.target
    this.bucket = parts.route.bucket
    this.key = parts.route.key
    this.store = parts.store
    this.buckets = parts.buckets
    this.clock = parts.clock
    this.region = parts.region
    this.#authenticated = parts.authenticated
    this.#inHost = parts.inHost
  }

  get signer(): Authenticated['signer'] {
    return this.#authenticated.signer
  }

  /** What every call of the store gets: it ends when its client has gone. */
  get options(): CallOptions {
    return { signal: this.known.signal }
  }

  /** A header's value, its bytes read as UTF-8 where they are; undefined where it is not there. */
  header(name: string): string | undefined {
    const value = this.request.headers[name]
    return value === undefined ? undefined : headerText(typeof value === 'string' ? value : value.join(', '))
  }

  /** A parameter of the query; empty where it has no value, undefined where it is not there. */
  query(name: string): string | undefined {
    return parameter(this.target, name)
  }

  /** The URL of the bucket or object, as this request reached it. */
  get location(): string {
    const { socket, headers } = this.request
    const scheme = `http${'encrypted' in socket ? 's' : ''}`
    const key = this.key.split('/').map(encodeUri).join('/')
    const path = this.#inHost ? `/${key}` : `/${this.bucket}/${key}`
    return `${scheme}://${headers.host ?? ''}${path}`
  }

  get hasBody(): boolean {
    const { headers } = this.request
    return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  }

  /** The body, to be read once. MissingContentLength, EntityTooLarge and the like where its head won't do. */
  body(): ReceivedBody {
    const claims = readBodyClaims(this.request, this.#authenticated.payload)
    return new ReceivedBody(this.request, claims, this.signer)
  }

  /** A document whose request has checksums of something else than the document. */
  async documentWithoutChecksum(root: string): Promise<ReadElement> {
    const claims = readBodyClaims(this.request, this.#authenticated.payload, 'object')
    return this.#readDocument(new ReceivedBody(this.request, claims, this.signer), root)
  }

  /** A document as the body, whose root is `root`. */
  async document(root: string): Promise<ReadElement> {
    return this.#readDocument(this.body(), root)
  }

  async #readDocument(body: ReceivedBody, root: string): Promise<ReadElement> {
    return readXml(await readSmallBody(body, documentBytesMax), root)
  }

  /** As `document`; undefined where there is no body. */
  async optionalDocument(root: string): Promise<ReadElement | undefined> {
    if (!this.hasBody) return undefined
    const bytes = await readSmallBody(this.body(), documentBytesMax)
    return bytes.length === 0 ? undefined : readXml(bytes, root)
  }
}

/** Node reads headers as Latin-1; what was sent is UTF-8 as a rule. */
export function headerText(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? text : value
}
