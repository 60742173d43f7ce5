import { connect, createServer, type Server, type Socket } from 'node:net'
import { formatAddress, parseAddress } from '@torc/protocol/transport/transport'
import { FrameSplitter } from '../../harness/proxy/frame-splitter.js'
import { Conversation, type Traffic } from './conversation.js'

/**
 * Stands before a process and passes bytes on as they come. Looks into them only while it counts, so that it slows
 * no load: until then it does no more than find where frames begin.
 */
export class CountingProxy {
  readonly traffic: Traffic = { bytes: 0, requests: 0, open: 0 }
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #settling = new Set<() => void>()
  #target: string | undefined
  #counting = false

  private constructor() {
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, socket => this.#accept(socket))
  }

  /** Listens on a port of loopback that the system chooses. Connections are reset until it has a target. */
  static async start(target?: string): Promise<CountingProxy> {
    const proxy = new CountingProxy()
    proxy.#target = target
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject)
      proxy.#server.listen(0, '127.0.0.1', resolve)
    })
    return proxy
  }

  /** `host:port` of the process behind it. */
  set target(address: string) {
    this.#target = address
  }

  /** Where to connect instead of to the target. */
  get address(): string {
    const bound = this.#server.address()
    if (bound === null || typeof bound === 'string') throw new Error('the proxy does not listen')
    return formatAddress({ host: bound.address, port: bound.port })
  }

  /** Counts from now on, from nothing. */
  count(): void {
    this.#counting = true
    this.traffic.bytes = 0
    this.traffic.requests = 0
  }

  /** Resolves when no request that was counted is without its answer. */
  settled(): Promise<void> {
    if (this.traffic.open === 0) return Promise.resolve()
    return new Promise(resolve => this.#settling.add(resolve))
  }

  #accept(socket: Socket): void {
    const target = this.#target === undefined ? undefined : parseAddress(this.#target)
    if (target === undefined) {
      socket.resetAndDestroy()
      return
    }
    const upstream = connect({ ...target, noDelay: true })
    const conversation = new Conversation(this.traffic)
    this.#pass(socket, upstream, conversation)
    this.#pass(upstream, socket, conversation)
    const over = (): void => {
      conversation.end()
      for (const side of [socket, upstream]) {
        side.destroy()
        this.#sockets.delete(side)
      }
      this.#look()
    }
    for (const side of [socket, upstream]) {
      this.#sockets.add(side)
      // An error is followed by `close`, which ends the other side as well.
      side.on('error', () => undefined)
      side.on('close', over)
    }
  }

  #pass(from: Socket, to: Socket, conversation: Conversation): void {
    const splitter = new FrameSplitter()
    from.on('data', chunk => {
      for (const frame of splitter.push(chunk)) if (this.#counting) conversation.see(frame)
      if (!to.write(chunk)) from.pause()
      this.#look()
    })
    to.on('drain', () => from.resume())
    from.resume()
  }

  #look(): void {
    if (this.traffic.open > 0 || this.#settling.size === 0) return
    for (const resolve of this.#settling) resolve()
    this.#settling.clear()
  }

  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}
