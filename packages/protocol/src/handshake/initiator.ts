import type { Environment } from '../environment/system.js'
import { TorcError } from '../errors.js'
import { encodeFrame } from '../frames/encoder.js'
import type { Frame } from '../frames/frame.js'
import type { AnnouncedLimits } from '../messages/control.js'
import { frameType, type Role } from '../messages/frame-types.js'
import {
  type HandshakeOutput,
  type HandshakeResult,
  makeHello,
  negotiate,
  proofOf,
  readHello,
  readWelcome,
  sameProof,
} from './hello.js'
import type { Identity } from './identity.js'

/** The side that opened the connection: HELLO → HELLO, WELCOME → WELCOME. */
export class InitiatorHandshake {
  readonly #identity: Identity
  readonly #expectedRoles: readonly Role[] | undefined
  readonly #output: HandshakeOutput
  readonly #hello: Uint8Array
  #peersHello: Uint8Array | undefined
  #result: HandshakeResult | undefined

  constructor(
    identity: Identity,
    announced: AnnouncedLimits,
    environment: Environment,
    expectedRoles: readonly Role[] | undefined,
    output: HandshakeOutput,
  ) {
    this.#identity = identity
    this.#expectedRoles = expectedRoles
    this.#output = output
    this.#hello = Buffer.concat(encodeFrame(frameType.HELLO, 0, makeHello(identity, announced, environment)))
  }

  start(): void {
    this.#output.sendFrame(this.#hello)
  }

  /** `bytes` is the frame as it was sent. */
  onFrame(frame: Frame, bytes: Uint8Array): void {
    try {
      if (this.#peersHello === undefined) this.#onHello(frame, bytes)
      else this.#onWelcome(frame, this.#peersHello)
    } catch (error) {
      this.#output.onFailure(TorcError.from(error), frame.type !== frameType.ERROR)
    }
  }

  #onHello(frame: Frame, bytes: Uint8Array): void {
    const hello = readHello(frame)
    if (this.#expectedRoles !== undefined && !this.#expectedRoles.includes(hello.role)) {
      throw new TorcError(
        'CONFIG',
        `the peer is a Torc ${hello.role}, not ${this.#expectedRoles.join(' or ')}`,
        {
          hint: 'Check the address: servers, agents and gateways listen on ports of their own.',
        },
      )
    }
    this.#result = negotiate(hello, this.#identity)
    this.#peersHello = bytes
    const proof = proofOf(this.#identity.secret, 'initiator', this.#hello, bytes)
    this.#output.sendFrame(Buffer.concat(encodeFrame(frameType.WELCOME, 0, { proof })))
  }

  #onWelcome(frame: Frame, peersHello: Uint8Array): void {
    const proof = readWelcome(frame)
    if (!sameProof(proof, proofOf(this.#identity.secret, 'acceptor', this.#hello, peersHello))) {
      throw new TorcError('DENIED', 'the peer does not know the secret that it should', {
        hint: 'Something else listens at this address, or the secret changed. Check the address and the credentials.',
      })
    }
    if (this.#result !== undefined) this.#output.onDone(this.#result)
  }
}
