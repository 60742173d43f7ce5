import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Log } from '@torc/protocol/environment/log'
import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { type Address, formatAddress } from '@torc/protocol/transport/transport'
import type { HttpBounds } from './bounds.js'
import { continueWhenRead } from './continue-when-read.js'
import type { Face } from './face.js'
import type { HttpMetrics } from './metrics.js'
import { ProgressGuard } from './progress-guard.js'
import { RequestIds } from './request-id.js'

/** A certificate and its key, PEM. */
export interface HttpTls {
  readonly cert: Uint8Array | string
  readonly key: Uint8Array | string
}

export interface ListenerOptions {
  readonly face: Face
  /** Port 0 chooses one. */
  readonly listen: Address
  /** The port speaks HTTPS where it is given. */
  readonly tls?: HttpTls | undefined
  readonly bounds: HttpBounds
  readonly metrics: HttpMetrics
  readonly environment: Pick<Environment, 'clock' | 'random'>
  readonly log: Log
}

/** What a port has open, and what it calls it. */
interface Open {
  readonly requests: Set<Active>
  readonly connections: Set<Socket>
  readonly ids: RequestIds
  closing: boolean
}

/** A request under way. */
interface Active {
  readonly socket: Socket
  readonly guard: ProgressGuard
  readonly response: ServerResponse
  cut(why: string): void
}

/** Looks at clients so many times within the span in which they must move. */
const looks = 4
const pathShownMax = 256
/** What it is called when a client has gone. */
const gone: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE'])

/**
 * One port. Everything that is the same for all faces is here: bounds on connections, headers and idle clients, request
 * ids, the log, counts, and an orderly end.
 */
export class Listener {
  /** Where it listens. */
  readonly address: Address
  readonly #options: ListenerOptions
  readonly #server: Server
  readonly #open: Open
  readonly #stopLooking: () => void

  private constructor(
    options: ListenerOptions,
    server: Server,
    address: Address,
    open: Open,
    stopLooking: () => void,
  ) {
    this.#options = options
    this.#server = server
    this.address = address
    this.#open = open
    this.#stopLooking = stopLooking
  }

  /** Resolves once it listens; CONFIG where it can't. */
  static async open(options: ListenerOptions): Promise<Listener> {
    const { bounds, tls, environment } = options
    const ids = new RequestIds(environment.random)
    const open: Open = { requests: new Set(), connections: new Set(), ids, closing: false }
    const settings = {
      maxHeaderSize: bounds.headerBytesMax,
      headersTimeout: bounds.headersMs,
      // Bodies may take as long as they move: the guard looks after them.
      requestTimeout: 0,
      keepAliveTimeout: bounds.keepAliveMs,
      connectionsCheckingInterval: Math.max(50, Math.floor(bounds.headersMs / looks)),
      noDelay: true,
    }
    const server: Server =
      tls === undefined
        ? createServer(settings)
        : createSecureServer({ ...settings, cert: asBuffer(tls.cert), key: asBuffer(tls.key) })
    server.maxConnections = bounds.connectionsMax
    // All of them count: one that is dropped silently could be the one that matters.
    server.maxHeadersCount = 0
    serve(server, options, open)
    const address = await listening(server, options.listen)
    return new Listener(
      options,
      server,
      address,
      open,
      lookRepeatedly(environment.clock, bounds, open.requests),
    )
  }

  /** Takes no new connections, lets requests under way end for `drainMs`, then cuts them. */
  async close(): Promise<void> {
    const { bounds, environment } = this.#options
    const { requests, connections } = this.#open
    this.#open.closing = true
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    const busy = new Set<Socket>()
    for (const { response, socket } of requests) {
      busy.add(socket)
      // Clients that keep their connections learn with their next answer that it was the last.
      response.shouldKeepAlive = false
    }
    for (const socket of connections) if (!busy.has(socket)) socket.destroy()
    const cancel = environment.clock.after(bounds.drainMs, () => {
      for (const active of [...requests]) active.cut('the gateway stops')
      this.#server.closeAllConnections()
    })
    await closed
    cancel()
    this.#stopLooking()
  }
}

function serve(server: Server, options: ListenerOptions, open: Open): void {
  const { face, metrics, log, tls } = options
  /** What a connection had received and sent when its last request was over. */
  const counted = new WeakMap<Socket, readonly [received: number, sent: number]>()
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    metrics.connection(face.name, 1)
    open.connections.add(socket)
    socket.once('close', () => {
      metrics.connection(face.name, -1)
      open.connections.delete(socket)
    })
  })
  server.on('drop', () => {
    metrics.refused(face.name, 'crowded')
    log.warn({ face: face.name }, 'a connection was refused: too many are open')
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Clients may leave in the middle of whatever they say: that is no defect of theirs.
    if (!socket.writable || gone.has(error.code ?? '')) {
      socket.destroy()
      return
    }
    metrics.refused(face.name, error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'slow' : 'malformed')
    log.debug({ face: face.name, error: error.code }, 'a connection was cut: it did not speak HTTP')
    socket.end(refusalOf(error.code), () => socket.destroy())
  })
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    continueWhenRead(request, response)
    answer(request, response, options, open, counted)
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) =>
    answer(request, response, options, open, counted),
  )
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ListenerOptions,
  open: Open,
  counted: WeakMap<Socket, readonly [number, number]>,
): void {
  const { face, metrics, log, environment, bounds } = options
  const { clock } = environment
  const { socket } = request
  const startedMs = clock.monotonicMs()
  const requestId = open.ids.of(request)
  const controller = new AbortController()
  const abort = (why: string): void => controller.abort(new TorcError('CANCELLED', why))
  const active: Active = {
    guard: new ProgressGuard({ request, response, socket }, startedMs),
    ...{ response, socket },
    cut(why) {
      metrics.refused(face.name, 'slow')
      log.info({ requestId, face: face.name }, `a connection was cut: ${why}`)
      abort(why)
      socket.destroy()
    },
  }
  open.requests.add(active)
  metrics.began(face.name)
  response.setHeader('x-request-id', requestId)
  // Whoever writes on when the client has gone is told by `signal`; without a listener the process would end.
  response.on('error', error => log.debug({ requestId, error: error.message }, 'an answer could not be sent'))
  response.once('finish', () => {
    // An answer may come before the end of the body (a refusal): the client may need a moment to notice.
    if (request.complete) return
    request.resume()
    const cancel = clock.after(bounds.lingerMs, () => {
      if (!request.complete) socket.destroy()
    })
    request.once('close', cancel)
  })
  response.once('close', () => {
    open.requests.delete(active)
    if (!response.writableFinished) abort('the client has gone')
    if (open.closing) socket.end()
    const [receivedBefore, sentBefore] = counted.get(socket) ?? [0, 0]
    counted.set(socket, [socket.bytesRead, socket.bytesWritten])
    const facts = {
      face: face.name,
      method: request.method ?? '',
      status: response.headersSent ? response.statusCode : 0,
      ms: Math.round((clock.monotonicMs() - startedMs) * 10) / 10,
      receivedBytes: socket.bytesRead - receivedBefore,
      sentBytes: socket.bytesWritten - sentBefore,
    }
    metrics.ended(facts)
    const line = { requestId, path: pathShown(request), ...facts }
    if (facts.status >= 500) log.warn(line, 'request failed')
    else if (!response.writableFinished) log.info(line, 'request broke off')
    else log.debug(line, 'request')
  })
  face.answer(request, response, { requestId, log, signal: controller.signal }).catch((thrown: unknown) => {
    log.error({ requestId, face: face.name, err: thrown }, 'a face did not answer its request')
    socket.destroy()
  })
}

/** Without its query: that may hold a signature. */
function pathShown({ url = '' }: IncomingMessage): string {
  return (url.split('?', 1)[0] ?? '').slice(0, pathShownMax)
}

function lookRepeatedly(
  clock: Environment['clock'],
  { stillMs }: HttpBounds,
  active: ReadonlySet<Active>,
): () => void {
  const intervalMs = Math.max(10, stillMs / looks)
  const look = (): void => {
    const nowMs = clock.monotonicMs()
    for (const one of [...active]) {
      if (one.guard.look(nowMs) >= stillMs) one.cut(`its client stood still for ${stillMs} ms`)
    }
    cancel = clock.after(intervalMs, look)
  }
  let cancel = clock.after(intervalMs, look)
  return () => cancel()
}

async function listening(server: Server, at: Address): Promise<Address> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const why = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message
      reject(
        new TorcError('CONFIG', `the gateway can't listen at ${formatAddress(at)}: ${why}`, {
          cause: error,
          hint: 'Choose other ports with --http-port and --s3-port; 0 lets the system choose.',
        }),
      )
    }
    server.once('error', onError)
    server.listen({ host: at.host, port: at.port }, () => {
      server.off('error', onError)
      resolve()
    })
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string')
    throw new TorcError('INTERNAL', 'the gateway bound no port')
  return { host: at.host, port: bound.port }
}

/** For what is no request: nobody can tell which face's words it would understand. */
function refusalOf(code: string | undefined): string {
  const status =
    code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
}

function asBuffer(pem: Uint8Array | string): Buffer | string {
  return typeof pem === 'string' ? pem : Buffer.from(pem)
}
