import { encodeEpoch, firstParentHash } from '@torc/cluster/ring/epoch'
import { assignTable } from '@torc/cluster/ring/table'
import type { Log } from '@torc/protocol/environment/log'
import { silentLog } from '@torc/protocol/environment/log'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { connectExchange } from '@torc/protocol/exchange/endpoint'
import type { Answer, Exchange } from '@torc/protocol/exchange/exchange'
import type { MessageName, RequestOf } from '@torc/protocol/messages/table'
import { tcpTransport } from '@torc/protocol/transport/tcp'
import type { Address } from '@torc/protocol/transport/transport'
import type { Test } from 'tap'
import type { CounterLeaseOptions } from '../../src/actors/counter-leases.js'
import { type Agent, startAgent } from '../../src/agent.js'
import type { CollectionOptions } from '../../src/collection/collection.js'
import type { Disk } from '../../src/disk/disk.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import type { ScrubOptions } from '../../src/scrub/scrub.js'

export const clusterId = '0123456789abcdef0123456789abcdef'
export const secret = new Uint8Array(32).fill(9)
export const bucketId = new Uint8Array(16).fill(7)

export interface StartOptions {
  readonly data?: string | Disk
  readonly join?: readonly Address[]
  readonly name?: string
  readonly listen?: Address
  readonly log?: Log
  readonly scrub?: ScrubOptions
  readonly collection?: CollectionOptions
  readonly counterLeases?: CounterLeaseOptions
}

/** An agent on a loopback port that is closed with the test. */
export async function startedAgent(t: Test, options: StartOptions = {}): Promise<Agent> {
  const agent = await startAgent({
    data: options.data ?? new MemoryDisk(),
    clusterId,
    secret,
    transport: tcpTransport(),
    listen: options.listen ?? { host: '127.0.0.1', port: 0 },
    join: options.join ?? [],
    name: options.name ?? 'agent-1',
    zone: '',
    capacity: 1,
    scrub: options.scrub,
    collection: options.collection,
    counterLeases: options.counterLeases,
    environment: systemEnvironment,
    log: options.log ?? silentLog,
  })
  t.teardown(() => agent.close())
  return agent
}

/** A connection as a server makes it, closed with the test. */
export async function serverConnection(t: Test, agent: Agent): Promise<Exchange> {
  const exchange = await connectExchange(tcpTransport(), agent.address, {
    identity: {
      role: 'server',
      id: 'server-00000001',
      name: 'server',
      address: '127.0.0.1:1',
      clusterId,
      secret,
    },
    environment: systemEnvironment,
  })
  t.teardown(() => exchange.destroy())
  return exchange
}

/** A first layout over `ids`. */
export function firstEpoch(ids: readonly string[], replicas = ids.length): Uint8Array {
  const agents = [...ids].sort().map(id => ({ id, zone: '', capacity: 1 }))
  const table = assignTable(agents, { partitions: 16, replicas })
  return encodeEpoch({ number: 1, parentHash: firstParentHash, lineage: 'first', agents, table })
}

/** All answers of a FETCH. */
export async function fetched<N extends MessageName>(
  exchange: Exchange,
  name: N,
  head: RequestOf<N>,
): Promise<Answer<N>[]> {
  const answers: Answer<N>[] = []
  for await (const answer of exchange.fetch(name, head)) answers.push(answer)
  return answers
}

/** Waits until `condition` holds, looking again after each turn of the event loop. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endMs = systemEnvironment.clock.monotonicMs() + 10_000
  while (!(await condition())) {
    if (systemEnvironment.clock.monotonicMs() > endMs) throw new Error(`waited in vain: ${what}`)
    await new Promise<void>(resolve => systemEnvironment.clock.after(5, resolve))
  }
}
