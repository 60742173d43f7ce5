import { limits } from '../limits.js'
import * as f from './fields.js'
import { roles } from './frame-types.js'

/** Heads of the frames that are no requests: handshake, answers' own keys, streams, liveness. */

/** Limits that a side announces: what it accepts. The other side keeps to them. */
export const announcedLimits = {
  frameBytesMax: f.note(
    'Bytes after a length prefix',
    f.integer(limits.frameBytesMaxMin, limits.frameBytesMax),
  ),
  inlineBodyBytesMax: f.note(
    'Bytes of a body in the frame of its request or answer',
    f.integer(0, limits.inlineBodyBytesMax),
  ),
  dataBytesMax: f.note(
    'Bytes of one DATA frame’s body',
    f.integer(limits.dataBytesMaxMin, limits.dataBytesMax),
  ),
  streamWindowBytes: f.note(
    'Bytes of each stream that may be sent before a CREDIT',
    f.integer(1, limits.streamWindowBytesMax),
  ),
  openRequestsMax: f.note(
    'Requests of the peer that may be open at once',
    f.integer(1, limits.openRequestsMax),
  ),
  openStreamsMax: f.note(
    'Bodies that may arrive as streams at once, of requests and of answers each',
    f.integer(1, limits.openStreamsMax),
  ),
}

export const controlHeads = {
  HELLO: {
    protocolMin: f.note('Lowest version of this protocol that the sender speaks', f.integer(1, 65535)),
    protocolMax: f.note('Highest version', f.integer(1, 65535)),
    role: f.note('What the sender is', f.oneOf(...roles)),
    id: f.note('Node id of a node, access key of a client', f.text(limits.nodeIdBytesMax, 1)),
    name: f.note('For people; may be empty', f.text(64)),
    address: f.note('`host:port` under which a node is reached; empty for clients', f.text(300)),
    clusterId: f.note('Empty when the sender is a client that does not know it', f.text(64)),
    nonce: f.note('Random, fresh for each connection', f.bytes(32, true)),
    features: f.note(
      'Names of optional capabilities; both sides use those that both name',
      f.list(f.text(64, 1), 64),
    ),
    limits: f.note('What the sender accepts; the peer keeps to it', f.map(announcedLimits)),
  },
  WELCOME: {
    proof: f.note('HMAC-SHA-256 over both HELLO frames, see "Handshake"', f.bytes(32, true)),
  },
  ERROR: {
    code: f.note('Number of the error’s code', f.integer(1, 65535)),
    message: f.note('What went wrong', f.text(limits.tokenBytesMax)),
    hint: f.note('What to do', f.text(limits.tokenBytesMax)),
    details: f.note('JSON text: facts for programs', f.optional(f.text(limits.tokenBytesMax))),
  },
  /** The bytes are the frame's body. */
  DATA: {},
  END: {
    sha256: f.note('Digest of all bytes of the stream, where the sender knows it', f.optional(f.sha256)),
    etag: f.note(
      'Of a body that is stored: its etag, where the writer learned it from the bytes. It goes before that of the request’s head',
      f.optional(f.etag),
    ),
    metadata: f.note(
      'Of a body that is stored: pairs that are added behind those of the request’s head',
      f.optional(f.metadata),
    ),
  },
  CREDIT: {
    bytes: f.note('How many bytes more the receiver accepts', f.integer(1, limits.streamWindowBytesMax)),
  },
  CANCEL: {},
  PING: {},
  PONG: {},
} as const satisfies Record<string, f.Fields>

/** Keys of a request's or an answer's head beside the fields of its message. */
export const envelope = {
  request: {
    op: f.note('Which message of the frame type this is', f.text(32, 1)),
    timeoutMs: f.note(
      'How long the requester waits, milliseconds; 30000 when absent',
      f.optional(f.integer(1, limits.requestMsMax)),
    ),
    stream: f.note('The body follows as DATA', f.optional(f.boolean)),
  },
  answer: {
    stream: f.note('The body follows as DATA', f.optional(f.boolean)),
    end: f.note('FETCH_RESP only: no other follows', f.optional(f.boolean)),
  },
} as const satisfies Record<string, f.Fields>

export type Hello = f.HeadOf<(typeof controlHeads)['HELLO']>
/** What a sender tells of a body once all of it has left. */
export type BodyEnd = f.HeadOf<(typeof controlHeads)['END']>
export type AnnouncedLimits = f.HeadOf<typeof announcedLimits>
