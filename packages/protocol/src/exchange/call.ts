import type { TorcError } from '../errors.js'
import type { Lease } from '../frames/lease.js'
import type { AnnouncedLimits, BodyEnd } from '../messages/control.js'
import { frameType } from '../messages/frame-types.js'
import { BodySender, type BodySenderOwner } from './body-sender.js'
import type { OutgoingBody } from './exchange.js'
import { IncomingStream, type IncomingStreamOwner } from './incoming-body.js'
import type { Outbox } from './outbox.js'
import { ReceiveWindow } from './receive-window.js'

/** What a call needs of its connection. */
export interface CallLink {
  readonly outbox: Outbox
  /** What the peer takes. */
  readonly peerLimits: AnnouncedLimits
  /** What this side takes. */
  readonly ownLimits: AnnouncedLimits
  /** Monotonic time. */
  nowMs(): number
  /** Makes sure that deadlines are looked at then. */
  watch(deadlineMs: number): void
  /** Bytes of streams that wait in memory changed. */
  onBuffered(bytes: number): void
  /** A call ended: a connection that is closing may be done. */
  onCallOver(): void
}

/** One request with its answer and both bodies, seen from either side. */
export abstract class Call implements BodySenderOwner, IncomingStreamOwner {
  readonly id: number
  readonly link: CallLink
  readonly background: boolean
  readonly timeoutMs: number
  /** Monotonic; moves on with every step of a stream. */
  deadlineMs: number
  /** Bytes that the peer still takes on this stream. */
  window: number
  /** What arrives as DATA. */
  incoming: IncomingStream | undefined
  /** What leaves as DATA. */
  outgoing: BodySender | undefined
  #receiveWindow: ReceiveWindow | undefined

  constructor(link: CallLink, id: number, background: boolean, timeoutMs: number) {
    this.link = link
    this.id = id
    this.background = background
    this.timeoutMs = timeoutMs
    this.deadlineMs = link.nowMs() + timeoutMs
    this.window = link.peerLimits.streamWindowBytes
  }

  get receiveWindow(): ReceiveWindow {
    this.#receiveWindow ??= new ReceiveWindow(this.link.ownLimits.streamWindowBytes, bytes =>
      this.#sendCredit(bytes),
    )
    return this.#receiveWindow
  }

  openIncoming(): IncomingStream {
    const incoming = new IncomingStream(this.receiveWindow, this)
    this.incoming = incoming
    return incoming
  }

  openOutgoing(body: OutgoingBody): void {
    this.outgoing = new BodySender(this, body)
    this.outgoing.pump()
  }

  /** The peer takes `bytes` more. */
  credit(bytes: number): void {
    this.window += bytes
    this.onProgress()
    this.outgoing?.pump()
  }

  onProgress(): void {
    this.deadlineMs = this.link.nowMs() + this.timeoutMs
  }

  onBuffered(bytes: number): void {
    this.link.onBuffered(bytes)
  }

  get dataBytesMax(): number {
    return this.link.peerLimits.dataBytesMax
  }

  get hasRoom(): boolean {
    return this.link.outbox.hasRoom
  }

  whenRoom(callback: () => void): void {
    this.link.outbox.whenRoom(callback)
  }

  releaseSent(lease: Lease): void {
    this.link.outbox.releaseSent(lease, this.background)
  }

  sendData(pieces: readonly Uint8Array[]): void {
    this.onProgress()
    const encoder = this.link.outbox.encoder(this.background)
    encoder.begin(frameType.DATA, this.id, true).mapHeader(0)
    encoder.finish(pieces, this.link.peerLimits.frameBytesMax)
  }

  sendEnd(end: BodyEnd): void {
    this.sendControl(frameType.END, end)
  }

  sendCancel(): void {
    this.sendControl(frameType.CANCEL, {})
  }

  #sendCredit(bytes: number): void {
    this.sendControl(frameType.CREDIT, { bytes })
  }

  /** A control frame keeps its place behind the DATA of its call. */
  sendControl(type: number, head: Readonly<Record<string, unknown>>): void {
    const encoder = this.link.outbox.encoder(this.background)
    encoder.begin(type, this.id, false).value(head)
    encoder.finish(undefined, this.link.peerLimits.frameBytesMax)
  }

  abstract onDiscard(): void
  abstract onSent(): void
  abstract onSourceError(error: TorcError): void
  /** The deadline has passed. */
  abstract expire(): void
  /** The connection is over. */
  abstract abort(error: TorcError): void
}
