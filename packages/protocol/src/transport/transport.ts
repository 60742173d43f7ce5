import type { BufferPool } from '../frames/buffer-pool.js'
import { limits } from '../limits.js'

/**
 * A reliable ordered byte stream between two processes, and how to open one.
 * Implementations: `tcp.ts` (TCP and TLS) and `memory.ts` (in process, for tests and simulation).
 */
export interface Connection {
  /** What the peer looks like from here, `host:port`, for logs. */
  readonly remoteAddress: string
  /** The address of the peer's host only, for peers that announce none. */
  readonly remoteHost: string
  /**
   * Queues `pieces` in order; all pieces of one call leave together (one writev). The buffers belong
   * to the connection until they are sent; when `queuedBytes` is 0 afterwards, the caller may write over them.
   * Returns the bytes now queued.
   */
  write(pieces: readonly Uint8Array[]): number
  /** Bytes queued and not yet taken by the operating system. */
  readonly queuedBytes: number
  /** Stops and resumes reading (back-pressure towards the peer). */
  pause(): void
  resume(): void
  /** Sends what is queued, then closes. */
  end(): void
  /** Closes at once. */
  destroy(): void
  /** Set once. What arrives before waits. */
  listen(listener: ConnectionListener): void
  /** Where bodies of DATA go that arrive here. */
  readonly buffers: BufferPool
}

export interface ConnectionListener {
  /** `chunk` is valid during the call only: its memory is used again, unless it is a view on the `target`. */
  onData(chunk: Uint8Array): void
  /**
   * Where the listener wants the next bytes. A transport that can reads right into it, and gives its beginning to
   * `onData`. It is another one, or none, after each `onData`.
   */
  readonly target?: Uint8Array | undefined
  /** All that was queued has been taken by the operating system, after 64 KiB or more had been waiting. */
  onDrain(): void
  /** The connection is over; `error` when it broke. Called exactly once. */
  onClose(error: Error | undefined): void
}

/** Buffers for the bodies of DATA frames, for all connections of a transport. */
export const receivePool = { bufferBytes: limits.dataBytesMax, freeBytesMax: 16 * 1024 * 1024 } as const

export interface Address {
  readonly host: string
  readonly port: number
}

export interface Listener {
  /** The bound address (with the real port when 0 was asked for). */
  readonly address: Address
  /** Stops accepting; open connections live on. */
  close(): Promise<void>
}

export interface Transport {
  /** Rejects with UNREACHABLE (refused, no route) or TIMEOUT. */
  connect(address: Address, options: { timeoutMs: number; signal?: AbortSignal }): Promise<Connection>
  /** Rejects with CONFIG when the address can't be bound. */
  listen(address: Address, onConnection: (connection: Connection) => void): Promise<Listener>
}

/** Parses `host:port` or `[v6]:port`; undefined when it is neither. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const port = Number(match[3])
  const host = match[1] ?? match[2]
  return host === undefined || port > 65535 ? undefined : { host, port }
}

export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
