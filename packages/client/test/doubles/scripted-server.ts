import { createHash } from 'node:crypto'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { type Acceptor, acceptExchanges } from '@torc/protocol/exchange/endpoint'
import type { Exchange, Handlers } from '@torc/protocol/exchange/exchange'
import type { ResponseOf } from '@torc/protocol/messages/table'
import { tcpTransport } from '@torc/protocol/transport/tcp'
import { formatAddress } from '@torc/protocol/transport/transport'
import type { ConnectOptions } from '../../src/connect.js'

export const credentials = { accessKey: 'test-key', secretKey: 'test-secret' }

/** A server on loopback whose answers a test writes. */
export class ScriptedServer {
  readonly exchanges: Exchange[] = []
  #acceptor: Acceptor | undefined
  address = ''

  static async start(handlers: Handlers, port = 0): Promise<ScriptedServer> {
    const server = new ScriptedServer()
    server.#acceptor = await acceptExchanges(
      tcpTransport(),
      { host: '127.0.0.1', port },
      {
        identity: {
          ...{ role: 'server', id: 'server-00000001', name: 'server', address: '127.0.0.1:1' },
          clusterId: '0'.repeat(32),
          secret: Buffer.from('unused'),
        },
        credentials: {
          secretOf: (_role, id) =>
            id === credentials.accessKey ? Buffer.from(credentials.secretKey) : undefined,
        },
        handlers,
        environment: systemEnvironment,
        allowedRoles: ['client'],
        onExchange: exchange => server.exchanges.push(exchange),
      },
    )
    server.address = formatAddress(server.#acceptor.address)
    return server
  }

  get port(): number {
    return this.#acceptor?.address.port ?? 0
  }

  /** Cuts all connections, as a crash would. */
  cut(): void {
    for (const exchange of this.exchanges.splice(0)) exchange.destroy()
  }

  async stop(): Promise<void> {
    const acceptor = this.#acceptor
    this.cut()
    await acceptor?.close(0)
  }

  options(more: ConnectOptions = {}): ConnectOptions {
    return { servers: [this.address], credentials, ...more }
  }
}

const written = {
  clock: [['00000000000000aa', 1]] as [string, number][],
  context: 'token',
  createdAt: 1_767_323_045_678_000,
}

/** The answer to a put of `bytes`. */
export function writeAnswer(
  bytes: Uint8Array,
  more: Partial<ResponseOf<'putObject'>> = {},
): ResponseOf<'putObject'> {
  return {
    ...written,
    ...{ versionId: 'aaaaaaaaaaaaaaaaaaaaaaaaaa', size: bytes.length, etag: 'x-t', sha256: sha256(bytes) },
    ...{ contentType: 'text/plain', siblings: [], mintedBy: 'agent-1', preferenceList: ['agent-1'] },
    ...{ replicasWritten: ['agent-1'], vectorClocks: [['agent-1', written.clock]], down: [], hinted: [] },
    ...{ deduplicatedBytes: 0, sentBytes: bytes.length },
    ...more,
  }
}

/** The head of a version whose body is `bytes`. */
export function versionAnswer(
  bytes: Uint8Array,
  more: Partial<ResponseOf<'getObject'>> = {},
): ResponseOf<'getObject'> {
  return {
    ...written,
    ...{ versionId: 'aaaaaaaaaaaaaaaaaaaaaaaaaa', kind: 'object', size: bytes.length, etag: 'x-t' },
    ...{ sha256: sha256(bytes), contentType: 'text/plain', metadata: [], isLatest: true, siblings: [] },
    ...more,
  }
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}
