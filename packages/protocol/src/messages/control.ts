import { limits } from '../limits.js'
import * as f from './fields.js'
import { roles } from './frame-types.js'

/** Heads of the frames that are no requests: handshake, answers' own keys, streams, liveness. */

/** Limits that a side announces: what it accepts. The other side keeps to them. */
export const announcedLimits = {
  frameBytesMax: f.integer(1024, limits.frameBytesMax),
  inlineBodyBytesMax: f.integer(0, limits.inlineBodyBytesMax),
  dataBytesMax: f.integer(1, limits.dataBytesMax),
  streamWindowBytes: f.integer(1, limits.streamWindowBytesMax),
  openRequestsMax: f.integer(1, limits.openRequestsMax),
  openStreamsMax: f.integer(1, limits.openStreamsMax),
}

export const controlHeads = {
  HELLO: {
    /** Lowest and highest version of this protocol that the sender speaks. */
    protocolMin: f.integer(1, 65535),
    protocolMax: f.integer(1, 65535),
    role: f.oneOf(...roles),
    /** Node id of a node, access key of a client. */
    id: f.text(limits.nodeIdBytesMax, 1),
    /** For people; may be empty. */
    name: f.text(64),
    /** `host:port` under which a node is reached; empty for clients. */
    address: f.text(300),
    /** Empty when the sender is a client that does not know it. */
    clusterId: f.text(64),
    /** Random, fresh for each connection. */
    nonce: f.bytes(32, true),
    /** Names of optional capabilities; both sides use those that both name. */
    features: f.list(f.text(64, 1), 64),
    limits: f.map(announcedLimits),
  },
  WELCOME: {
    /** HMAC-SHA-256 over both HELLO frames. */
    proof: f.bytes(32, true),
  },
  ERROR: {
    /** Wire number of the error's code. */
    code: f.integer(1, 65535),
    message: f.text(limits.tokenBytesMax),
    /** What to do. */
    hint: f.text(limits.tokenBytesMax),
    /** JSON text: facts for programs. */
    details: f.optional(f.text(limits.tokenBytesMax)),
  },
  /** The bytes are the frame's body. */
  DATA: {},
  END: {
    /** Digest of all bytes of the stream, where the sender knows it. */
    sha256: f.optional(f.sha256),
  },
  CREDIT: {
    /** How many bytes more the receiver accepts. */
    bytes: f.integer(1, limits.streamWindowBytesMax),
  },
  CANCEL: {},
  PING: {},
  PONG: {},
} as const satisfies Record<string, f.Fields>

/** Keys of a request's or an answer's head beside the fields of its message. */
export const envelope = {
  request: {
    /** Which message of the frame type this is. */
    op: f.text(32, 1),
    /** How long the requester waits, milliseconds; `limits.requestMs` when absent. */
    timeoutMs: f.optional(f.integer(1, limits.requestMsMax)),
    /** The body follows as DATA. */
    stream: f.optional(f.boolean),
  },
  answer: {
    stream: f.optional(f.boolean),
    /** FETCH_RESP only: no other follows. */
    end: f.optional(f.boolean),
  },
} as const satisfies Record<string, f.Fields>

export type Hello = f.HeadOf<(typeof controlHeads)['HELLO']>
export type AnnouncedLimits = f.HeadOf<typeof announcedLimits>
