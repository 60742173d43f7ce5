import type { Socket } from 'node:net'
import type { Direction, DirectionCounts, FaultTable } from './fault.js'
import { FrameSplitter } from './frame-splitter.js'
import { type FrameView, helloName, viewFrame } from './frame-view.js'

interface Queued {
  /** Undefined stands for the end of the stream. */
  readonly frame: FrameView | undefined
  /** Set once its delay was decided: when it may leave. */
  dueMs: number | undefined
}

/** What both directions of a connection know of it. */
export interface Opener {
  /** Name of the node (or client) that opened the connection, once its HELLO came. */
  name: string | undefined
}

/** What one direction of one connection may hold back before its sender has to wait. */
const queuedBytesMax = 64 * 1024 * 1024

/** One direction of one connection: frames in order, each subject to the faults in force. */
export class Lane {
  readonly #source: Socket
  readonly #sink: Socket
  readonly #direction: Direction
  readonly #faults: FaultTable
  readonly #counts: DirectionCounts
  readonly #opener: Opener
  readonly #splitter = new FrameSplitter()
  readonly #queue: Queued[] = []
  #queuedBytes = 0
  #timer: NodeJS.Timeout | undefined

  constructor(
    source: Socket,
    sink: Socket,
    direction: Direction,
    faults: FaultTable,
    counts: DirectionCounts,
    opener: Opener,
  ) {
    this.#source = source
    this.#sink = sink
    this.#direction = direction
    this.#faults = faults
    this.#counts = counts
    this.#opener = opener
    source.on('data', chunk => this.#receive(chunk))
    source.on('end', () => {
      this.#queue.push({ frame: undefined, dueMs: undefined })
      this.pump()
    })
    sink.on('drain', () => this.#regulate())
  }

  #receive(chunk: Uint8Array): void {
    for (const bytes of this.#splitter.push(chunk)) {
      const frame = viewFrame(bytes)
      if (frame.name === 'HELLO' && this.#direction === 'toTarget') this.#opener.name = helloName(frame)
      this.#queue.push({ frame, dueMs: undefined })
      this.#queuedBytes += bytes.length
    }
    this.pump()
  }

  get openedBy(): string | undefined {
    return this.#opener.name
  }

  /** Sends what may leave now. Called when frames come, a delay is over or a fault was lifted. */
  pump(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      if (!this.#mayLeave(first)) break
      this.#queue.shift()
      this.#queuedBytes -= first.frame?.bytes.length ?? 0
    }
    this.#regulate()
  }

  /** Sends, drops or keeps one frame; false = it stays at the head of the queue. */
  #mayLeave(queued: Queued): boolean {
    const { frame } = queued
    if (frame === undefined) {
      this.#sink.end()
      return true
    }
    if (queued.dueMs === undefined) {
      const action = this.#faults.actionFor(this.#direction, frame, this.#opener.name)
      if (action === 'drop') return true
      if (action === 'hold') return false
      if (action === 'close') {
        this.destroy()
        return false
      }
      queued.dueMs = performance.now() + (action?.delayMs ?? 0)
    }
    const waitMs = queued.dueMs - performance.now()
    if (waitMs > 0) {
      this.#timer = setTimeout(() => this.pump(), waitMs)
      return false
    }
    this.#send(frame)
    return true
  }

  #send(frame: FrameView): void {
    this.#counts.bytes += frame.bytes.length
    this.#counts.frames += 1
    if (frame.name === 'DATA') this.#counts.dataBytes += frame.bodyBytes
    else this.#counts.inlineBytes += frame.bodyBytes
    this.#sink.write(frame.bytes)
  }

  /** The source waits while the sink is slow or much is held. */
  #regulate(): void {
    if (this.#sink.writableNeedDrain || this.#queuedBytes > queuedBytesMax) this.#source.pause()
    else this.#source.resume()
  }

  destroy(): void {
    clearTimeout(this.#timer)
    this.#queue.length = 0
    this.#source.destroy()
    this.#sink.destroy()
  }
}
