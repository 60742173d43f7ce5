import { encodeEpoch, firstParentHash } from '@torc/cluster/ring/epoch'
import { keyPartition } from '@torc/cluster/ring/partition'
import { assignTable, type Table } from '@torc/cluster/ring/table'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { silentLog } from '@torc/protocol/environment/log'
import { systemHasher } from '@torc/protocol/environment/system'
import { connectExchange } from '@torc/protocol/exchange/endpoint'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import { memoryTransport } from '@torc/protocol/transport/memory'
import type { Test } from 'tap'
import { type Agent, startAgent } from '../../src/agent.js'
import { immediateCompressor } from '../../src/blocks/immediate-compressor.js'
import type { CollectionOptions } from '../../src/collection/collection.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import type { RepairOptions } from '../../src/repair/repair.js'
import { bucketId, clusterId, fetched, secret } from '../support/agent-harness.js'
import { address, written } from '../support/key-requests.js'
import { seededRandom } from '../support/seeded-random.js'
import { VirtualTime } from '../support/virtual-time.js'
import { countingTransport, FrameCount } from './frame-count.js'

export type RepairState = NonNullable<ResponseOf<'fetchUsage'>['repair']>
export type Minted = ResponseOf<'mint'>

/** No passes by themselves but the one after a start. */
const onlyAsked: RepairOptions = { repairEveryMs: 1e9 }
const portOf = (index: number): number => 7400 + index

interface Node {
  readonly disk: MemoryDisk
  agent: Agent | undefined
  exchange: Exchange | undefined
}

/** Some agents in this process on virtual time and disks in memory, and a server's connection to each. */
export class RepairFixture {
  readonly time = new VirtualTime()
  readonly traffic = new FrameCount()
  readonly transport = countingTransport(memoryTransport(this.time), this.traffic)
  readonly nodes: Node[] = []
  readonly #random = seededRandom(11)
  readonly #repair: RepairOptions
  readonly #collection: CollectionOptions | undefined
  #opIds = 0
  #table: Table = { partitions: 1, replicas: 1, rows: [] }

  constructor(repair: RepairOptions, collection?: CollectionOptions) {
    this.#repair = repair
    this.#collection = collection
  }

  /** Agents with a layout in which each owns all partitions (or as many as `replicas` say). */
  static async start(
    t: Test,
    options: {
      readonly agents?: number
      readonly replicas?: number
      readonly repair?: RepairOptions
      readonly collection?: CollectionOptions
      readonly layout?: boolean
    } = {},
  ): Promise<RepairFixture> {
    const { agents = 2, replicas = agents, repair = onlyAsked } = options
    const fixture = new RepairFixture(repair, options.collection)
    t.teardown(() => fixture.stop())
    for (let index = 0; index < agents; index++) {
      fixture.nodes.push({ disk: new MemoryDisk(`disk-${index}`), agent: undefined, exchange: undefined })
      await fixture.up(index)
    }
    const ids = fixture.nodes.flatMap(({ agent }) => agent?.id ?? [])
    if (options.layout !== false) await fixture.layout(ids, replicas)
    return fixture
  }

  /** The first layout over `ids`, on all agents that run. */
  async layout(ids: readonly string[], replicas: number): Promise<void> {
    const agents = [...ids].sort().map(id => ({ id, zone: '', capacity: 1 }))
    const table = assignTable(agents, { partitions: 16, replicas })
    this.#table = table
    const epoch = encodeEpoch({ number: 1, parentHash: firstParentHash, lineage: 'x', agents, table })
    for (const { exchange } of this.nodes) await this.run(exchange?.request('putEpoch', { epoch }))
    await this.advance(5_000)
  }

  partitionOf(key: string): number {
    return keyPartition(systemHasher, bucketId, key, this.#table.partitions)
  }

  /** The first owners of a key, as indexes of agents. */
  firstOwners(key: string, count: number): number[] {
    const owners = this.#table.rows[this.partitionOf(key)] ?? []
    return owners.slice(0, count).map(id => this.nodes.findIndex(({ agent }) => agent?.id === id))
  }

  id(index: number): string {
    const id = this.nodes[index]?.agent?.id
    if (id === undefined) throw new Error(`agent ${index} does not run`)
    return id
  }

  /** Starts an agent on what its disk kept. */
  async up(index: number): Promise<void> {
    const node = this.#node(index)
    const environment = { clock: this.time, random: this.#random, hasher: systemHasher }
    // The second may be no agent of this fixture.
    const others = Array.from({ length: Math.max(2, this.nodes.length) }, (_, other) => portOf(other))
    const join = others.map(port => ({ host: '127.0.0.1', port }))
    node.agent = await this.run(
      startAgent({
        ...{ data: node.disk, clusterId, secret, transport: this.transport, name: `agent-${index}` },
        ...{ listen: { host: '127.0.0.1', port: portOf(index) }, join, zone: '', capacity: 1 },
        ...{ compressor: immediateCompressor, environment, log: silentLog, repair: this.#repair },
        collection: this.#collection,
      }),
    )
    const identity = {
      ...({ role: 'server', id: `server-${index}`, name: 'server', address: '127.0.0.1:1' } as const),
      ...{ clusterId, secret },
    }
    node.exchange = await this.run(
      connectExchange(this.transport, node.agent.address, { identity, environment }),
    )
  }

  async down(index: number): Promise<void> {
    const node = this.#node(index)
    await this.run(node.agent?.close())
    node.agent = undefined
    node.exchange = undefined
  }

  async stop(): Promise<void> {
    for (const index of this.nodes.keys()) await this.down(index)
  }

  advance(ms: number): Promise<void> {
    return this.time.advance(ms)
  }

  /** Lets time pass until a promise settles. */
  async run<T>(promise: Promise<T> | undefined): Promise<T> {
    if (promise === undefined) return undefined as T
    let over = false
    const settled = promise.finally(() => {
      over = true
    })
    // It is awaited below; a failure before that is not unhandled.
    settled.catch(() => undefined)
    for (let turns = 0; !over && turns < 10_000; turns++) await this.time.advance(turns < 50 ? 0 : 10)
    return await settled
  }

  exchange(index: number): Exchange {
    const { exchange } = this.#node(index)
    if (exchange === undefined) throw new Error(`agent ${index} does not run`)
    return exchange
  }

  opId(): Uint8Array {
    const opId = new Uint8Array(16)
    new DataView(opId.buffer).setUint32(12, ++this.#opIds)
    return opId
  }

  /** A version that just the agents `at` have; the first of them mints it. */
  async write(
    at: readonly number[],
    key: string,
    text: string,
    fields: Partial<RequestOf<'mint'>> = {},
  ): Promise<Minted> {
    const body = Buffer.from(text)
    const [minter = 0, ...others] = at
    const inline = fields.blocks === undefined && body.length > 0 ? { body } : {}
    const head = { ...address, key, opId: this.opId(), kind: 'object' as const, ...written(body), ...fields }
    const { head: minted } = await this.run(this.exchange(minter).request('mint', head, inline))
    for (const other of others) await this.deliver(other, key, minted, text, fields)
    return minted
  }

  /** The delta of a version. */
  async deliver(
    at: number,
    key: string,
    { record, delta, attributes }: Minted,
    text: string,
    fields: Partial<RequestOf<'mint'>> = {},
  ): Promise<void> {
    const { replicas } = fields
    const head: RequestOf<'merge'> = {
      ...address,
      key,
      context: delta,
      record,
      opId: decodeVersion(record).opId,
    }
    if (attributes !== undefined) head.attributes = attributes
    if (replicas !== undefined) head.replicas = replicas
    const inline = fields.blocks === undefined && text.length > 0 ? { body: Buffer.from(text) } : {}
    await this.run(this.exchange(at).request('merge', head, inline))
  }

  /** A DELETE of what the agent knows of the key. */
  async purge(at: readonly number[], key: string): Promise<void> {
    const [first = 0] = at
    const [clock] = await this.run(
      fetched(this.exchange(first), 'fetchKey', { ...address, key, want: 'clock' }),
    )
    for (const index of at) {
      const head = { ...address, key, context: clock?.head.context ?? new Uint8Array(), keep: [] }
      await this.run(this.exchange(index).request('merge', head))
    }
  }

  /** A version whose body is one block; the block is at `blockAt`, the version at `at`. */
  async writeBlock(
    at: readonly number[],
    blockAt: readonly number[],
    key: string,
    text: string,
    fields: Partial<RequestOf<'putBlock'>> = {},
  ): Promise<{ readonly hash: Uint8Array; readonly opId: Uint8Array }> {
    const bytes = Buffer.from(text)
    const hash = systemHasher.sha256(bytes)
    const opId = this.opId()
    const block = { ...address, key, opId, hash, size: bytes.length, ...fields }
    for (const index of blockAt)
      await this.run(this.exchange(index).request('putBlock', block, { body: bytes }))
    if (at[0] !== undefined) {
      await this.run(this.exchange(at[0]).request('placeIntent', { ...address, key, opId }))
      await this.write(at, key, text, { opId, blocks: hash, blockSizes: [bytes.length] })
    }
    return { hash, opId }
  }

  /** The whole state of a key, byte by byte, bodies included. */
  async stateOf(index: number, key: string): Promise<string> {
    const exchange = this.exchange(index)
    const parts: string[] = []
    const pages = await this.run(fetched(exchange, 'fetchKey', { ...address, key, want: 'state' }))
    for (const { head } of pages) {
      if (head.context !== undefined) parts.push(`context ${hex(head.context)}`, `digest ${hex(head.digest)}`)
      if (head.attributes !== undefined) parts.push(`attributes ${hex(head.attributes)}`)
      for (const record of [...(head.heads ?? []), ...(head.versions ?? [])]) {
        const { dot, blocks, size } = decodeVersion(record)
        let body = ''
        if (blocks === undefined && size > 0) {
          const head = { ...address, key, dot: [dot.actor, dot.counter] as [string, number] }
          const answer = await this.run(exchange.request('fetchBody', head))
          body = hex((await answer.body?.bytes(65_536)) ?? new Uint8Array())
        }
        parts.push(`record ${hex(record)} ${body}`)
      }
    }
    return parts.sort().join('\n')
  }

  async repairOf(index: number): Promise<RepairState> {
    const [answer] = await this.run(fetched(this.exchange(index), 'fetchUsage', {}))
    if (answer?.head.repair === undefined) throw new Error('no repair')
    return answer.head.repair
  }

  /** A pass of each agent, to its end. */
  async pass(...agents: readonly number[]): Promise<RepairState[]> {
    const waitFor = new Map<number, number>()
    for (const index of agents) {
      const { head } = await this.run(this.exchange(index).request('repairReplicas', {}))
      waitFor.set(index, head.waitFor)
    }
    const states: RepairState[] = []
    for (const index of agents) {
      for (let seconds = 0; ; seconds++) {
        const state = await this.repairOf(index)
        if (state.pass >= (waitFor.get(index) ?? 0) && !state.running) {
          states.push(state)
          break
        }
        if (seconds > 600) throw new Error(`the pass of agent ${index} does not end`)
        await this.advance(1_000)
      }
    }
    return states
  }

  #node(index: number): Node {
    const node = this.nodes[index]
    if (node === undefined) throw new Error(`no agent ${index}`)
    return node
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
