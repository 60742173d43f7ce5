import type { Member } from '@torc/cluster/membership/member'
import { Swim } from '@torc/cluster/membership/swim'
import { decodeEpoch } from '@torc/cluster/ring/epoch'
import type { Environment } from '@torc/protocol/environment/system'
import { type Acceptor, acceptExchanges } from '@torc/protocol/exchange/endpoint'
import type { Handlers, IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { MessageName } from '@torc/protocol/messages/table'
import { type Address, formatAddress, type Transport } from '@torc/protocol/transport/transport'
import type { ClusterSecret } from '../../src/start-server.js'
import { FakeAgent } from './fake-agent.js'

const served: readonly MessageName[] = [
  'mint',
  'merge',
  'prepare',
  'accept',
  'learn',
  'fetchKey',
  'fetchBody',
  'putBlock',
  'setAttributes',
  'placeIntent',
  'referBlocks',
  'fetchBlock',
  'fetchBlockStates',
  'fetchBlockProof',
  'fetchRange',
  'fetchEpoch',
  'putEpoch',
  'fetchUsage',
]

export interface FakeNode {
  readonly id: string
  readonly address: Address
  readonly agent: FakeAgent
  readonly table: Swim
  close(): Promise<void>
}

export interface FakeNodeOptions {
  readonly number: number
  readonly secret: ClusterSecret
  readonly transport: Transport
  readonly environment: Environment
  readonly port?: number
  /** Members that it knows from the start. */
  readonly knows?: readonly Member[]
  /** The agent to serve; a new one when absent. */
  readonly agent?: FakeAgent
}

/** An agent in memory behind real exchanges: it answers storage requests and gossip, and starts nothing itself. */
export async function startFakeNode(options: FakeNodeOptions): Promise<FakeNode> {
  const { environment, secret, transport } = options
  const id = `node-${options.number.toString(16).padStart(8, '0')}`
  const agent = options.agent ?? new FakeAgent(id, options.number, environment)
  const handlers: Record<string, unknown> = {}
  for (const name of served) {
    handlers[name] = async function* (
      request: IncomingRequest<MessageName>,
    ): AsyncGenerator<Reply<MessageName>> {
      const body = request.body === undefined ? undefined : await request.body.bytes(8 * 1024 * 1024)
      for (const reply of agent.answer(name, request.head, body)) yield reply
    }
    if (!name.startsWith('fetch')) {
      handlers[name] = async (
        request: IncomingRequest<MessageName>,
      ): Promise<Reply<MessageName> | undefined> => {
        const body = request.body === undefined ? undefined : await request.body.bytes(8 * 1024 * 1024)
        return agent.answer(name, request.head, body)[0]
      }
    }
  }
  const epochNumber = (): number => (agent.epoch === undefined ? 0 : decodeEpoch(agent.epoch).number)
  const nowMs = (): number => environment.clock.monotonicMs()
  handlers['gossip'] = ({ head, peer }: IncomingRequest<'gossip'>): Reply<'gossip'> => {
    table.step({ kind: 'table', from: peer.id, members: head.members }, nowMs())
    return { head: { members: table.members(), epoch: epochNumber() } }
  }
  handlers['probe'] = ({ head, peer }: IncomingRequest<'probe'>): Reply<'probe'> => {
    table.step({ kind: 'news', from: peer.id, members: head.changes }, nowMs())
    return { head: { changes: table.newsFor(peer.id), epoch: epochNumber() } }
  }
  const listen = { host: '127.0.0.1', port: options.port ?? 0 }
  const identity = {
    role: 'agent' as const,
    id,
    name: 'node',
    clusterId: secret.clusterId,
    secret: secret.secret,
  }
  const acceptor: Acceptor = await acceptExchanges(transport, listen, {
    identity: { ...identity, address: '' },
    credentials: { secretOf: () => secret.secret },
    handlers: handlers as Handlers,
    environment,
    allowedRoles: ['server', 'agent'],
  })
  const self: Member = {
    id,
    name: 'node',
    role: 'agent',
    address: formatAddress(acceptor.address),
    zone: '',
    capacity: 1000,
    incarnation: 1,
    state: 'alive',
  }
  const table = new Swim(self, environment.random, nowMs())
  table.step({ kind: 'news', from: id, members: [...(options.knows ?? [])] }, nowMs())
  return { id, address: acceptor.address, agent, table, close: () => acceptor.close(0) }
}
