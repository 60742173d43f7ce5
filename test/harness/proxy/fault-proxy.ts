import { connect, createServer, type Server, type Socket } from 'node:net'
import { formatAddress, parseAddress } from '@torc/protocol/transport/transport'
import { type Direction, type DirectionCounts, type Fault, FaultTable } from './fault.js'
import type { FrameView } from './frame-view.js'
import { Lane, type Opener } from './lane.js'

const freshCounts = (): DirectionCounts => ({ bytes: 0, frames: 0, dataBytes: 0, inlineBytes: 0 })

/**
 * Stands between two processes, understands frames, and does harm on request: drops, delays, holds, cuts.
 * A cut is what a broken route looks like: nothing arrives any more, and nobody is told.
 */
export class FaultProxy {
  readonly counts: Readonly<Record<Direction, DirectionCounts>> = {
    toTarget: freshCounts(),
    fromTarget: freshCounts(),
  }
  readonly #target: string
  readonly #server: Server
  readonly #lanes = new Set<Lane>()
  readonly #faults = new FaultTable(() => {
    for (const lane of this.#lanes) lane.pump()
  })
  #cuts = 0
  #refusing = false

  private constructor(target: string) {
    this.#target = target
    // Half-open, so that an end that is held back stays held back.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, socket => this.#accept(socket))
  }

  /** Listens on a port of loopback that the system chooses and forwards to `target` (`host:port`). */
  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target)
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject)
      proxy.#server.listen(0, '127.0.0.1', resolve)
    })
    return proxy
  }

  /** Where to connect instead of to the target. */
  get address(): string {
    const bound = this.#server.address()
    if (bound === null || typeof bound === 'string') throw new Error('the proxy does not listen')
    return formatAddress({ host: bound.address, port: bound.port })
  }

  get connections(): number {
    return this.#lanes.size / 2
  }

  #accept(socket: Socket): void {
    const target = parseAddress(this.#target)
    if (this.#refusing || target === undefined) {
      socket.resetAndDestroy()
      return
    }
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true })
    const opener: Opener = { name: undefined }
    const lanes = [
      new Lane(socket, upstream, 'toTarget', this.#faults, this.counts.toTarget, opener),
      new Lane(upstream, socket, 'fromTarget', this.#faults, this.counts.fromTarget, opener),
    ]
    for (const lane of lanes) this.#lanes.add(lane)
    const over = (): void => {
      for (const lane of lanes) {
        lane.destroy()
        this.#lanes.delete(lane)
      }
    }
    for (const side of [socket, upstream]) {
      // An error is followed by `close`, which ends the other side as well.
      side.on('error', () => undefined)
      side.on('close', over)
    }
  }

  /** Puts a fault in force; the returned function lifts it (and lets go what it held). */
  inject(fault: Fault): () => void {
    return this.#faults.add(fault)
  }

  /** All frames arrive `delayMs` later. */
  delay(delayMs: number, direction?: Direction): () => void {
    return this.inject({ action: { delayMs }, ...inDirection(direction) })
  }

  drop(matches: (frame: FrameView) => boolean, direction?: Direction): () => void {
    return this.inject({ action: 'drop', matches, ...inDirection(direction) })
  }

  /** Nothing passes, in one direction or both. Lifting it breaks the connections that lost frames. */
  cut(direction?: Direction): () => void {
    const lift = this.inject({ action: 'drop', ...inDirection(direction) })
    this.#cuts += 1
    let cut = true
    return () => {
      if (!cut) return
      cut = false
      this.#cuts -= 1
      lift()
      this.breakConnections()
    }
  }

  /**
   * A cut between the target and some of those who connect to it, told apart by the name in their HELLO. Lifting it
   * breaks their connections.
   */
  cutOff(from: (name: string) => boolean): () => void {
    const lift = this.inject({ action: 'drop', from })
    return () => {
      lift()
      for (const lane of this.#lanes) if (lane.openedBy !== undefined && from(lane.openedBy)) lane.destroy()
    }
  }

  /** Frames wait until the returned function is called. */
  hold(direction?: Direction): () => void {
    return this.inject({ action: 'hold', ...inDirection(direction) })
  }

  /** Breaks every open connection; new ones are possible. */
  breakConnections(): void {
    for (const lane of this.#lanes) lane.destroy()
  }

  /** While set, new connections are reset at once. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing
  }

  /** Lifts all faults; connections that lost frames to a cut break. */
  heal(): void {
    this.#refusing = false
    if (this.#cuts > 0) this.breakConnections()
    this.#faults.clear()
  }

  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    this.breakConnections()
    await closed
  }
}

function inDirection(direction: Direction | undefined): { direction?: Direction } {
  return direction === undefined ? {} : { direction }
}
