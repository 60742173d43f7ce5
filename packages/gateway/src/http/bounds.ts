/** What clients of a port may take, and for how long. Sizes are bytes, times are milliseconds. */
export interface HttpBounds {
  /** Connections that are open at once; beyond, new ones are closed at once. */
  readonly connectionsMax: number
  /** The request line and all headers together; more is answered with 431. */
  readonly headerBytesMax: number
  /** Patience with a request's headers, from its first byte. */
  readonly headersMs: number
  /** How long a connection may lie idle between two requests. */
  readonly keepAliveMs: number
  /** A client that sends nothing of a body that it owes, or takes nothing of what is ready for it, for so long is cut. */
  readonly stillMs: number
  /** What a client sends on of a body that was answered before its end is thrown away for so long; then it is cut. */
  readonly lingerMs: number
  /** Patience with requests under way when the port is closed. */
  readonly drainMs: number
}

export const httpBounds: HttpBounds = Object.freeze({
  connectionsMax: 4096,
  headerBytesMax: 32 * 1024,
  headersMs: 20_000,
  // Above what load balancers keep idle connections for: they, not this side, should end one.
  keepAliveMs: 65_000,
  stillMs: 60_000,
  lingerMs: 2_000,
  drainMs: 2_500,
})
