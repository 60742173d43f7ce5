import type { Clock } from '../../src/environment/clock.js'
import type { Log } from '../../src/environment/log.js'
import { type Environment, systemEnvironment } from '../../src/environment/system.js'
import { TorcError } from '../../src/errors.js'
import { type Acceptor, acceptExchanges, connectExchange } from '../../src/exchange/endpoint.js'
import type { Exchange, Handlers } from '../../src/exchange/exchange.js'
import type { Identity } from '../../src/handshake/identity.js'
import type { AnnouncedLimits } from '../../src/messages/control.js'
import type { Role } from '../../src/messages/frame-types.js'
import type { RequestOf } from '../../src/messages/table.js'
import type { Transport } from '../../src/transport/transport.js'

export const clusterId = '00112233445566778899aabbccddeeff'
export const clusterSecret = Buffer.alloc(32, 0x5e)

export function nodeIdentity(role: Role, name: string): Identity {
  return { role, id: `${name}-00000001`, name, address: '127.0.0.1:1', clusterId, secret: clusterSecret }
}

export function clientIdentity(secret = 'a client’s secret'): Identity {
  return {
    role: 'client',
    id: 'TESTKEY',
    name: 'test',
    address: '',
    clusterId: '',
    secret: Buffer.from(secret),
  }
}

export function environmentWith(clock: Clock): Environment {
  return { ...systemEnvironment, clock }
}

export interface PairOptions {
  readonly environment?: Environment
  /** Handlers of the agent that accepts, and of the server that connects. */
  readonly agent?: Handlers
  readonly server?: Handlers
  readonly agentAnnounces?: Partial<AnnouncedLimits>
  readonly serverAnnounces?: Partial<AnnouncedLimits>
  readonly log?: Log
}

export interface Pair {
  /** The side that connected. */
  readonly server: Exchange
  /** The side that accepted. */
  readonly agent: Exchange
  readonly acceptor: Acceptor
  readonly close: () => Promise<void>
}

/** A server connected to an agent. */
export async function openPair(transport: Transport, options: PairOptions = {}): Promise<Pair> {
  const environment = options.environment ?? systemEnvironment
  let arrived: (exchange: Exchange) => void = () => {}
  const accepted = new Promise<Exchange>(resolve => {
    arrived = resolve
  })
  const acceptor = await acceptExchanges(
    transport,
    { host: '127.0.0.1', port: 0 },
    {
      identity: nodeIdentity('agent', 'agent'),
      credentials: { secretOf: () => clusterSecret },
      handlers: options.agent ?? {},
      environment,
      allowedRoles: ['server', 'agent'],
      announce: options.agentAnnounces,
      log: options.log,
      onExchange: exchange => arrived(exchange),
    },
  )
  const server = await connectExchange(transport, acceptor.address, {
    identity: nodeIdentity('server', 'server'),
    handlers: options.server ?? {},
    environment,
    announce: options.serverAnnounces,
    log: options.log,
  })
  const agent = await accepted
  return {
    server,
    agent,
    acceptor,
    async close() {
      server.destroy()
      agent.destroy()
      await Promise.all([server.closed, agent.closed])
      await acceptor.close(0)
    },
  }
}

const id16 = Buffer.alloc(16, 1)

export const blockRequest = (size = 1): RequestOf<'putBlock'> => ({
  epoch: 1,
  stage: 1,
  time: 2 ** 50,
  hash: Buffer.alloc(32, 2),
  size,
  bucketId: id16,
  key: 'key',
  opId: id16,
})

export const fetchBlockRequest: RequestOf<'fetchBlock'> = {
  epoch: 1,
  stage: 1,
  time: 2 ** 50,
  hash: Buffer.alloc(32, 2),
}

export const rangeRequest: RequestOf<'fetchRange'> = {
  epoch: 1,
  stage: 1,
  time: 2 ** 50,
  bucketId: id16,
  limit: 10,
}

export const usageAnswer = { usedBytes: 2 ** 33, freeBytes: 2 ** 53 - 1, keys: 1, versions: 2, blocks: 3 }

/** The TorcError that a promise fails with. */
export async function failure(promise: Promise<unknown>): Promise<TorcError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof TorcError) return error
    throw error
  }
  throw new Error('it should have failed')
}

/** A promise and its key. */
export function gate<T = void>(): { readonly promise: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => {}
  const promise = new Promise<T>(resolve => {
    open = resolve
  })
  return { promise, open }
}
