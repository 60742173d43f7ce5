import { type Member, MemberTable } from '@torc/cluster/membership/member-table'
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
  readonly table: MemberTable
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
  handlers['gossip'] = ({ head }: IncomingRequest<'gossip'>): Reply<'gossip'> => {
    table.step({ kind: 'gossip', members: head.members }, environment.clock.monotonicMs())
    const epoch = agent.epoch === undefined ? 0 : decodeEpoch(agent.epoch).number
    return { head: { members: table.members(), epoch } }
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
  const table = new MemberTable(self, environment.clock.monotonicMs())
  table.step({ kind: 'gossip', members: [...(options.knows ?? [])] }, environment.clock.monotonicMs())
  return { id, address: acceptor.address, agent, table, close: () => acceptor.close(0) }
}
