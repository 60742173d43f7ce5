import { readFileSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import { TorcError } from '../errors.js'
import { BufferPool } from '../frames/buffer-pool.js'
import { limits } from '../limits.js'
import { Reception, withReception } from './reception.js'
import {
  type Address,
  type Connection,
  type ConnectionListener,
  formatAddress,
  type Listener,
  receivePool,
  type Transport,
} from './transport.js'

/** Paths of PEM files. A listener needs `cert` and `key`; `ca` is who signed the peers' certificates. */
export interface TlsFiles {
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly ca?: string | undefined
}

const keepAliveMs = 30_000
const backlog = 1024

/** A connection over a socket. */
class SocketConnection implements Connection {
  readonly remoteAddress: string
  readonly remoteHost: string
  readonly buffers: BufferPool
  readonly #socket: net.Socket
  readonly #reception: Reception
  #error: Error | undefined

  constructor(socket: net.Socket, reception: Reception, buffers: BufferPool) {
    this.#socket = socket
    this.#reception = reception
    this.buffers = buffers
    this.remoteHost = socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
    this.remoteAddress = formatAddress({ host: this.remoteHost, port: socket.remotePort ?? 0 })
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
    // Without a listener an error would end the process; 'close' follows and reports it.
    socket.on('error', error => {
      this.#error = error
    })
  }

  listen(listener: ConnectionListener): void {
    const socket = this.#socket
    this.#reception.start(listener, socket)
    socket.on('drain', () => listener.onDrain())
    if (socket.closed) listener.onClose(this.#error)
    else socket.on('close', () => listener.onClose(this.#error))
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  write(pieces: readonly Uint8Array[]): number {
    const socket = this.#socket
    if (!socket.writable) return 0
    if (pieces.length === 1) socket.write(pieces[0] as Uint8Array)
    else if (pieces.length > 1) {
      socket.cork()
      for (const piece of pieces) socket.write(piece)
      socket.uncork()
    }
    return socket.writableLength
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

/** TCP, and TLS where files are given. Throws CONFIG when one of them can't be read or used. */
export function tcpTransport(files?: TlsFiles): Transport {
  const context = files === undefined ? undefined : loadTls(files)
  const buffers = new BufferPool(receivePool)
  return {
    connect: (address, options) => connect(address, options, context, buffers),
    listen: (address, onConnection) => listen(address, onConnection, context, buffers),
  }
}

interface TlsContext {
  readonly context: tls.SecureContext
  /** What a listener makes its own context of. */
  readonly files: tls.SecureContextOptions
}

function loadTls(files: TlsFiles): TlsContext {
  const read = (what: string, path: string | undefined): Buffer | undefined => {
    if (path === undefined) return undefined
    try {
      return readFileSync(path)
    } catch (error) {
      throw new TorcError('CONFIG', `the TLS ${what} file can't be read: ${path}`, { cause: error })
    }
  }
  const contents: tls.SecureContextOptions = {
    cert: read('certificate', files.cert),
    key: read('key', files.key),
    ca: read('CA', files.ca),
    minVersion: 'TLSv1.2',
  }
  try {
    return { context: tls.createSecureContext(contents), files: contents }
  } catch (error) {
    throw new TorcError('CONFIG', `the TLS files can't be used: ${TorcError.from(error).message}`, {
      cause: error,
    })
  }
}

function connect(
  address: Address,
  options: { timeoutMs: number; signal?: AbortSignal },
  secure: TlsContext | undefined,
  buffers: BufferPool,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const { signal, timeoutMs } = options
    const where = formatAddress(address)
    if (signal?.aborted === true) {
      reject(new TorcError('CANCELLED', `connecting to ${where} was cancelled`, { cause: signal.reason }))
      return
    }
    const reception = new Reception()
    const socket =
      secure === undefined
        ? net.connect({ host: address.host, port: address.port, onread: reception.onread })
        : tls.connect({
            host: address.host,
            port: address.port,
            secureContext: secure.context,
            // RFC 6066: a server name is never an IP address.
            ...(net.isIP(address.host) === 0 ? { servername: address.host } : {}),
          })
    const settle = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.off('error', onError)
    }
    const fail = (error: TorcError): void => {
      settle()
      socket.on('error', ignore)
      socket.destroy()
      reject(error)
    }
    const onError = (error: Error): void => fail(unreachable(where, error))
    const onAbort = (): void =>
      fail(new TorcError('CANCELLED', `connecting to ${where} was cancelled`, { cause: signal?.reason }))
    const timer = setTimeout(
      () => fail(new TorcError('TIMEOUT', `${where} did not answer within ${timeoutMs} ms`)),
      timeoutMs,
    )
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.on('error', onError)
    socket.once(secure === undefined ? 'connect' : 'secureConnect', () => {
      settle()
      resolve(new SocketConnection(socket, reception, buffers))
    })
  })
}

/** A socket that was given up may still fail; its outcome is known already. */
const ignore = (): void => {}

function unreachable(where: string, error: Error): TorcError {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new TorcError('UNREACHABLE', `${where}: the host name is not known`, { cause: error })
  }
  if (
    code?.startsWith('ERR_TLS') === true ||
    code?.startsWith('ERR_SSL') === true ||
    code?.includes('CERT') === true ||
    code === 'EPROTO'
  ) {
    return new TorcError('UNREACHABLE', `${where}: TLS failed: ${error.message}`, {
      cause: error,
      hint: 'Both sides need TLS or neither, the certificate must name the host, and --tls-ca its signer.',
    })
  }
  const what = code === 'ECONNREFUSED' ? 'nothing listens there' : error.message
  return new TorcError('UNREACHABLE', `${where} is not reachable: ${what}`, { cause: error })
}

function listen(
  address: Address,
  onConnection: (connection: Connection) => void,
  secure: TlsContext | undefined,
  buffers: BufferPool,
): Promise<Listener> {
  const where = formatAddress(address)
  if (secure !== undefined && (secure.files.cert === undefined || secure.files.key === undefined)) {
    return Promise.reject(
      new TorcError('CONFIG', 'listening with TLS needs a certificate and its key', {
        hint: 'Give --tls-cert and --tls-key.',
      }),
    )
  }
  const server =
    secure === undefined
      ? net.createServer({ pauseOnConnect: true })
      : tls.createServer({ ...secure.files, handshakeTimeout: limits.handshakeMs })
  server.on(secure === undefined ? 'connection' : 'secureConnection', (accepted: net.Socket) => {
    const reception = new Reception()
    const socket = secure === undefined ? withReception(accepted, reception) : accepted
    onConnection(new SocketConnection(socket, reception, buffers))
  })
  // A peer whose TLS handshake fails has no connection yet: there is nobody to tell but the peer itself.
  server.on('tlsClientError', (_error, socket: net.Socket) => socket.destroy())
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(bindError(where, error)))
    server.listen({ host: address.host, port: address.port, backlog }, () => {
      server.removeAllListeners('error')
      // Accepting can fail later, when descriptors run out; the listener lives on and takes the next.
      server.on('error', ignore)
      const bound = server.address() as net.AddressInfo
      resolve({
        address: { host: address.host, port: bound.port },
        close() {
          // The callback would wait for open connections, which live on.
          server.close()
          return Promise.resolve()
        },
      })
    })
  })
}

function bindError(where: string, error: NodeJS.ErrnoException): TorcError {
  const hints: Record<string, string> = {
    EADDRINUSE: 'Another process listens there: stop it, or choose another port (0 = any free one).',
    EACCES: 'Ports below 1024 need privileges; choose another port.',
    EADDRNOTAVAIL: 'This machine has no such address; see `ip address`.',
    ENOTFOUND: 'The host name is not known here.',
  }
  const reason = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message
  const hint = hints[error.code ?? '']
  return new TorcError('CONFIG', `can't listen on ${where}: ${reason}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  })
}
