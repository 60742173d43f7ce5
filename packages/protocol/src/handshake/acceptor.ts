import type { Environment } from '../environment/system.js'
import { TorcError } from '../errors.js'
import { encodeFrame } from '../frames/encoder.js'
import type { Frame } from '../frames/frame.js'
import type { AnnouncedLimits } from '../messages/control.js'
import { article, frameType, type Role } from '../messages/frame-types.js'
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
import type { Credentials, Identity } from './identity.js'

/**
 * The side that was called. It proves itself only after the peer did, so that it is no oracle for whoever can
 * connect; an unknown id fails at the same step and with the same words as a wrong secret.
 */
export class AcceptorHandshake {
  readonly #identity: Identity
  readonly #credentials: Credentials
  readonly #allowedRoles: readonly Role[]
  readonly #environment: Environment
  readonly #output: HandshakeOutput
  readonly #announced: AnnouncedLimits
  #hellos: { readonly peers: Uint8Array; readonly own: Uint8Array } | undefined
  #result: HandshakeResult | undefined
  #secret: Uint8Array | undefined
  #proof: Uint8Array | undefined

  constructor(
    identity: Identity,
    announced: AnnouncedLimits,
    environment: Environment,
    credentials: Credentials,
    allowedRoles: readonly Role[],
    output: HandshakeOutput,
  ) {
    this.#identity = identity
    this.#announced = announced
    this.#environment = environment
    this.#credentials = credentials
    this.#allowedRoles = allowedRoles
    this.#output = output
  }

  /** `bytes` is the frame as it was sent. */
  onFrame(frame: Frame, bytes: Uint8Array): void {
    try {
      if (this.#hellos === undefined) this.#onHello(frame, bytes)
      else if (this.#proof === undefined) {
        this.#proof = readWelcome(frame)
        this.#verify()
      } else throw new TorcError('PROTOCOL', 'a frame before the handshake was over')
    } catch (error) {
      this.#output.onFailure(TorcError.from(error), frame.type !== frameType.ERROR)
    }
  }

  #onHello(frame: Frame, bytes: Uint8Array): void {
    const hello = readHello(frame)
    if (!this.#allowedRoles.includes(hello.role)) {
      throw new TorcError(
        'DENIED',
        `this ${this.#identity.role} takes no connections of ${article(hello.role)}`,
        {
          hint: 'Check the address: clients connect to a server.',
        },
      )
    }
    this.#result = negotiate(hello, this.#identity)
    const own = Buffer.concat(
      encodeFrame(frameType.HELLO, 0, makeHello(this.#identity, this.#announced, this.#environment)),
    )
    this.#hellos = { peers: bytes, own }
    this.#output.sendFrame(own)
    const found = this.#credentials.secretOf(hello.role, hello.id)
    if (found instanceof Promise) {
      found.then(
        secret => this.#onSecret(secret),
        (error: unknown) => this.#output.onFailure(TorcError.from(error), true),
      )
    } else this.#onSecret(found)
  }

  #onSecret(secret: Uint8Array | undefined): void {
    // Nobody can prove a secret that was drawn just now: an unknown id takes the path of a wrong proof.
    this.#secret = secret ?? this.#environment.random.bytes(32)
    this.#verify()
  }

  /** Runs once the proof has come and the secret is known. */
  #verify(): void {
    if (this.#secret === undefined || this.#proof === undefined) return
    if (this.#hellos === undefined || this.#result === undefined) return
    const { peers, own } = this.#hellos
    if (!sameProof(this.#proof, proofOf(this.#secret, 'initiator', peers, own))) {
      this.#output.onFailure(denied(this.#result.peer.role, this.#result.peer.id), true)
      return
    }
    const proof = proofOf(this.#secret, 'acceptor', peers, own)
    this.#output.sendFrame(Buffer.concat(encodeFrame(frameType.WELCOME, 0, { proof })))
    this.#output.onDone(this.#result)
  }
}

function denied(role: Role, id: string): TorcError {
  if (role === 'client')
    return new TorcError('DENIED', `the access key ${id} is unknown or its secret is wrong`)
  return new TorcError('DENIED', `the ${role} ${id} does not know this cluster's secret`, {
    hint: 'All nodes of a cluster need the same file: --cluster-secret-file.',
  })
}
