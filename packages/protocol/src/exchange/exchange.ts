import type { TorcError } from '../errors.js'
import type { Lease } from '../frames/lease.js'
import type { BodyEnd } from '../messages/control.js'
import type { Role } from '../messages/frame-types.js'
import type { MessageName, RequestOf, ResponseOf } from '../messages/table.js'

/** A body that arrives. Read it once, or discard it; an unread body holds back its sender. */
export interface IncomingBody extends AsyncIterable<Uint8Array> {
  /** The whole body when it rode in the frame (views that stay as they are), else undefined: then iterate. */
  readonly inline: readonly Uint8Array[] | undefined
  /** Contents of the END frame once the stream is over: the sender's digest of the whole. */
  readonly sha256: Uint8Array | undefined
  /** What else END said of the body, once the stream is over. Absent where nothing can: the body rode in the frame. */
  readonly late?: LateFields | undefined
  /**
   * To iterate over instead, for a reader that says when it is done with each piece, so that its memory is used again
   * (see `leasesOf`). Absent where no memory can be given back.
   */
  readonly leases?: (() => AsyncIterable<Lease>) | undefined
  /** Gathers everything in one buffer; TOO_LARGE beyond `bytesMax`. No copy when it is one inline view. */
  bytes(bytesMax: number): Promise<Uint8Array>
  /** Tells the sender to stop and drops what still comes. */
  discard(): void
}

/** What END may say of a body beside its digest: facts that its writer learned from the bytes. */
export type LateFields = Pick<BodyEnd, 'etag' | 'metadata'>

/**
 * A body to send. Pieces up to `inlineBodyBytesMax` in all ride in the frame; an async iterable, or more
 * bytes, go as DATA under the peer's window. `sha256` and `late` are asked for once, when the iterable has ended, and go
 * with END; where one of them throws, the body fails as if the iterable had. Leases are released once their bytes have left, or nobody wants them; not where the connection breaks.
 */
export type OutgoingBody =
  | Uint8Array
  | readonly Uint8Array[]
  | { readonly leases: readonly Lease[] }
  | {
      readonly stream: AsyncIterable<Uint8Array | Lease>
      readonly sha256?: () => Uint8Array | undefined
      readonly late?: () => LateFields | undefined
    }

export interface RequestOptions {
  readonly body?: OutgoingBody | undefined
  /** Deadline of the whole request; `limits.requestMs` when absent. For streamed bodies: of each step without progress. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Answer<N extends MessageName> {
  readonly head: ResponseOf<N>
  readonly body: IncomingBody | undefined
}

/** What a handler gets. `body` is there when the message's table row allows one and the peer sent one. */
export interface IncomingRequest<N extends MessageName> {
  readonly head: RequestOf<N>
  readonly body: IncomingBody | undefined
  readonly peer: Peer
  /** Aborts when the requester cancels, its deadline passes or the connection ends. */
  readonly signal: AbortSignal
  /** Whether that has happened; costs less than the signal. */
  readonly cancelled: boolean
}

/** What a handler returns: the RESULT's head (and a body). */
export interface Reply<N extends MessageName> {
  readonly head: ResponseOf<N>
  readonly body?: OutgoingBody | undefined
}

/**
 * Handlers of one endpoint, by message. One that throws a TorcError answers ERROR with its code; anything
 * else answers INTERNAL. A FETCH handler may return an async iterable: each item is one FETCH_RESP.
 */
export type Handlers = {
  readonly [N in MessageName]?: (
    request: IncomingRequest<N>,
  ) => Promise<Reply<N> | AsyncIterable<Reply<N>>> | Reply<N> | AsyncIterable<Reply<N>>
}

/** The peer as its handshake proved it. */
export interface Peer {
  readonly role: Role
  /** Node id of a node, access key of a client. */
  readonly id: string
  readonly name: string
  readonly address: string
  readonly features: readonly string[]
  /** The id that all nodes of one cluster share. */
  readonly clusterId: string
}

/** One authenticated connection: requests and answers in both directions. */
export interface Exchange {
  readonly peer: Peer
  readonly open: boolean
  /** Requests under way. */
  readonly openRequests: number
  /** One request, one answer. Rejects with the peer's error, TIMEOUT, CANCELLED, UNREACHABLE. */
  request<N extends MessageName>(name: N, head: RequestOf<N>, options?: RequestOptions): Promise<Answer<N>>
  /** A FETCH whose items come in several frames. Leaving the loop early cancels. */
  fetch<N extends MessageName>(
    name: N,
    head: RequestOf<N>,
    options?: RequestOptions,
  ): AsyncIterable<Answer<N>>
  /** Refuses new requests, lets open ones end (up to `timeoutMs`), then closes. */
  close(timeoutMs?: number): Promise<void>
  /** Closes at once; open requests fail with `error`. */
  destroy(error?: TorcError): void
  /** Resolves once the connection is over. */
  readonly closed: Promise<TorcError | undefined>
}
