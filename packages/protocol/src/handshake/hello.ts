import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Environment } from '../environment/system.js'
import { TorcError } from '../errors.js'
import { errorOfHead } from '../exchange/error-head.js'
import type { Peer } from '../exchange/exchange.js'
import type { Frame } from '../frames/frame.js'
import { limits } from '../limits.js'
import { type AnnouncedLimits, controlHeads, type Hello } from '../messages/control.js'
import { checkerOf } from '../messages/fields.js'
import { frameNameOf, frameType } from '../messages/frame-types.js'
import type { Identity } from './identity.js'

/** Versions of the protocol that this code speaks. */
export const protocolMin = 1
export const protocolMax = 1

/** Optional capabilities that this code has; both sides use those that both name. */
export const ownFeatures: readonly string[] = []

/** What this code announces unless it is told smaller values. */
export const ownLimits: AnnouncedLimits = Object.freeze({
  frameBytesMax: limits.frameBytesMax,
  inlineBodyBytesMax: limits.inlineBodyBytesMax,
  dataBytesMax: limits.dataBytesMax,
  streamWindowBytes: limits.streamWindowBytes,
  openRequestsMax: limits.openRequestsMax,
  openStreamsMax: limits.openStreamsMax,
})

/** What the handshake found out. */
export interface HandshakeResult {
  readonly peer: Peer
  readonly peerLimits: AnnouncedLimits
  /** The version that both sides speak from now on. */
  readonly protocol: number
}

/** Where a handshake's frames and outcome go. `sendFrame` takes the whole frame, length prefix included. */
export interface HandshakeOutput {
  sendFrame(frame: Uint8Array): void
  onDone(result: HandshakeResult): void
  /** `tell` = the peer gets an ERROR before the connection closes. */
  onFailure(error: TorcError, tell: boolean): void
}

export function makeHello(identity: Identity, announced: AnnouncedLimits, environment: Environment): Hello {
  return {
    protocolMin,
    protocolMax,
    role: identity.role,
    id: identity.id,
    name: identity.name,
    address: identity.address,
    clusterId: identity.clusterId,
    nonce: environment.random.bytes(32),
    features: [...ownFeatures],
    limits: { ...announced },
  }
}

const checkHelloHead = checkerOf(controlHeads.HELLO)
const checkWelcomeHead = checkerOf(controlHeads.WELCOME)

/** The frame as the one that is expected now; the peer's ERROR is thrown, anything else is PROTOCOL. */
function expectFrame(frame: Frame, type: number): void {
  if (frame.type === frameType.ERROR) throw errorOfHead(frame.head)
  if (frame.type !== type || frame.stream !== 0) {
    throw new TorcError('PROTOCOL', `frame type ${frame.type} where ${frameNameOf(type)} was due`)
  }
}

export function readHello(frame: Frame): Hello {
  expectFrame(frame, frameType.HELLO)
  try {
    return checkHelloHead(frame.head)
  } catch (error) {
    throw new TorcError('PROTOCOL', `HELLO is malformed: ${TorcError.from(error).message}`)
  }
}

export function readWelcome(frame: Frame): Uint8Array {
  expectFrame(frame, frameType.WELCOME)
  try {
    return checkWelcomeHead(frame.head).proof
  } catch (error) {
    throw new TorcError('PROTOCOL', `WELCOME is malformed: ${TorcError.from(error).message}`)
  }
}

/** Version, cluster and what both can do; throws PROTOCOL or DENIED where they can't go together. */
export function negotiate(hello: Hello, identity: Identity): HandshakeResult {
  const protocol = Math.min(protocolMax, hello.protocolMax)
  if (protocol < Math.max(protocolMin, hello.protocolMin)) {
    throw new TorcError(
      'PROTOCOL',
      `no common protocol version: this side speaks ${protocolMin} to ${protocolMax}, the peer ${hello.protocolMin} to ${hello.protocolMax}`,
      { hint: 'Upgrade the older side.' },
    )
  }
  if (hello.clusterId !== '' && identity.clusterId !== '' && hello.clusterId !== identity.clusterId) {
    throw new TorcError(
      'DENIED',
      `the peer belongs to cluster ${hello.clusterId}, this side to ${identity.clusterId}`,
      {
        hint: 'Check the address and the cluster secret file: the two are of different clusters.',
      },
    )
  }
  return {
    protocol,
    peerLimits: consistent(hello.limits),
    peer: {
      role: hello.role,
      id: hello.id,
      name: hello.name,
      address: hello.address,
      clusterId: hello.clusterId || identity.clusterId,
      features: hello.features.filter(feature => ownFeatures.includes(feature)),
    },
  }
}

/** Type, stream, map and bin headers of a frame that carries a body. */
const frameOverheadBytes = 64

/** What fits the peer's frames, whatever else it says: nothing that is sent later may turn out too large. */
function consistent(announced: AnnouncedLimits): AnnouncedLimits {
  return {
    ...announced,
    dataBytesMax: Math.min(announced.dataBytesMax, announced.frameBytesMax - frameOverheadBytes),
    inlineBodyBytesMax: Math.min(announced.inlineBodyBytesMax, announced.frameBytesMax / 2),
  }
}

const proofLabels = { initiator: 'torc/1 initiator\0', acceptor: 'torc/1 acceptor\0' } as const

/**
 * `HMAC-SHA-256(secret, label ‖ initiator's HELLO ‖ acceptor's HELLO)`: both whole frames, length prefixes
 * included, so that nobody in between can change versions, limits or features. The labels differ, so that
 * neither side's proof can be sent back to it.
 */
export function proofOf(
  secret: Uint8Array,
  prover: keyof typeof proofLabels,
  initiatorHello: Uint8Array,
  acceptorHello: Uint8Array,
): Uint8Array {
  return createHmac('sha256', secret)
    .update(proofLabels[prover])
    .update(initiatorHello)
    .update(acceptorHello)
    .digest()
}

/** Compares in constant time. */
export function sameProof(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
