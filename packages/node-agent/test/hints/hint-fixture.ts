import { encodeContext } from '@torc/cluster/clocks/causal-context'
import { decodeEpoch, encodeEpoch, epochHash } from '@torc/cluster/ring/epoch'
import { keyPartition } from '@torc/cluster/ring/partition'
import { silentLog } from '@torc/protocol/environment/log'
import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import { connectExchange } from '@torc/protocol/exchange/endpoint'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { RequestOf } from '@torc/protocol/messages/table'
import { memoryTransport } from '@torc/protocol/transport/memory'
import type { Test } from 'tap'
import { type Agent, startAgent } from '../../src/agent.js'
import { immediateCompressor } from '../../src/blocks/immediate-compressor.js'
import type { CollectionOptions } from '../../src/collection/collection.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import type { HintOptions } from '../../src/hints/hints.js'
import { bucketId, clusterId, fetched, firstEpoch, secret } from '../support/agent-harness.js'
import { type Minted, mint } from '../support/key-requests.js'
import { VirtualTime } from '../support/virtual-time.js'

export interface ClusterOptions {
  readonly agents: number
  readonly replicas: number
  readonly hints?: HintOptions
  readonly collection?: CollectionOptions
}

/** An agent on virtual time, whose process ends and begins again as the test says. */
export class Node {
  readonly disk = new MemoryDisk()
  id = ''
  #agent: Agent | undefined
  #server: Exchange | undefined

  constructor(
    readonly cluster: HintCluster,
    readonly number: number,
  ) {}

  get isUp(): boolean {
    return this.#server !== undefined
  }

  get server(): Exchange {
    if (this.#server === undefined) throw new Error(`agent ${this.number} is down`)
    return this.#server
  }

  async start(): Promise<void> {
    const { transport, environment, options } = this.cluster
    const join = this.cluster.nodes.flatMap(node => node.#agent?.address ?? [])
    this.#agent = await startAgent({
      ...{ data: this.disk, clusterId, secret, transport, join, environment, zone: '', capacity: 1 },
      ...{ name: `agent-${this.number}`, listen: { host: '127.0.0.1', port: 7000 + this.number } },
      ...{ hints: options.hints, collection: options.collection, compressor: immediateCompressor },
      log: silentLog,
    })
    this.id = this.#agent.id
    this.#server = await connectExchange(transport, this.#agent.address, {
      identity: {
        ...{ role: 'server', id: 'server-00000001', name: 'server', address: '127.0.0.1:1' },
        ...{ clusterId, secret },
      },
      environment,
    })
  }

  /** Ends its process: in order, or by losing what is not durable yet. */
  async stop(crash = false): Promise<void> {
    const agent = this.#agent
    this.#agent = undefined
    this.#server?.destroy()
    this.#server = undefined
    if (crash) this.disk.crash()
    const closed = agent?.close()
    let over = false
    closed?.finally(() => {
      over = true
    })
    for (let turns = 0; !over && turns < 100; turns++) await this.cluster.time.advance(100)
    await closed
  }

  async usage() {
    const [answer] = await fetched(this.server, 'fetchUsage', {})
    if (answer === undefined) throw new Error('no answer')
    return answer.head
  }

  /** The hints that it holds, as `target: keys + blocks`. */
  async hints(): Promise<string[]> {
    const { hints = [] } = await this.usage()
    return hints.map(({ agent, keys, blocks }) => `${this.cluster.numberOf(agent)}: ${keys} + ${blocks}`)
  }

  async state(key: string, asHolder = true) {
    const request = {
      ...this.cluster.address,
      key,
      want: 'state',
      ...(asHolder ? { asHolder } : {}),
    } as const
    const answers = await fetched(this.server, 'fetchKey', request)
    const [first] = answers
    if (first === undefined) throw new Error('no answer')
    const records = answers.flatMap(({ head }) => [...(head.heads ?? []), ...(head.versions ?? [])])
    return { ...first.head, records }
  }
}

/** Agents over the in-memory transport, in one layout. */
export class HintCluster {
  readonly time = new VirtualTime()
  readonly transport = memoryTransport(this.time)
  readonly environment = { clock: this.time, random: systemRandom, hasher: systemHasher }
  readonly nodes: Node[] = []
  epoch = 1
  #record = new Uint8Array(0)

  private constructor(readonly options: ClusterOptions) {}

  static async start(t: Test, options: ClusterOptions): Promise<HintCluster> {
    const cluster = new HintCluster(options)
    for (let number = 0; number < options.agents; number++) {
      const node = new Node(cluster, number)
      await node.start()
      cluster.nodes.push(node)
    }
    t.teardown(() => Promise.all(cluster.nodes.map(node => node.stop())))
    await cluster.putEpoch(
      firstEpoch(
        cluster.nodes.map(({ id }) => id),
        options.replicas,
      ),
    )
    await cluster.until(async () => {
      const known = await Promise.all(cluster.nodes.map(({ server }) => membersOf(server)))
      return known.every(
        members => members.filter(({ state }) => state === 'alive').length === options.agents,
      )
    }, 'all know each other')
    return cluster
  }

  async putEpoch(record: Uint8Array): Promise<void> {
    this.#record = Uint8Array.from(record)
    this.epoch = decodeEpoch(this.#record).number
    for (const node of this.nodes)
      if (node.isUp) await node.server.request('putEpoch', { epoch: this.#record })
  }

  /** The next layout: another agent owns the partition in place of one that did. Those that are up hear of it. */
  async relieve(partition: number, from: number, to: number): Promise<void> {
    const epoch = decodeEpoch(this.#record)
    const rows = epoch.table.rows.map(row => [...row])
    const [before, after] = this.idsOf(from, to)
    rows[partition] = (rows[partition] ?? []).map(id => (id === before ? (after ?? id) : id))
    const terms = { absentMax: 1, lost: this.idsOf(from), fresh: [] }
    const [number, parentHash] = [epoch.number + 1, epochHash(systemHasher, epoch)]
    await this.putEpoch(encodeEpoch({ ...epoch, number, parentHash, table: { ...epoch.table, rows }, terms }))
  }

  get address() {
    return { epoch: this.epoch, stage: 3, time: 0, bucketId }
  }

  numberOf(id: string): number {
    return this.nodes.findIndex(node => node.id === id)
  }

  /** Numbers of the owners of a hash's or key's partition. */
  ownersOf(partition: number): number[] {
    return (decodeEpoch(this.#record).table.rows[partition] ?? []).map(id => this.numberOf(id))
  }

  partitionOf(key: string): number {
    return keyPartition(systemHasher, bucketId, key, decodeEpoch(this.#record).table.partitions)
  }

  /** The n-th key with just these owners. */
  keyOf(owners: readonly number[], n = 0): string {
    const wanted = [...owners].sort().join()
    let left = n
    for (let i = 0; ; i++) {
      const key = `key-${i}`
      if (this.ownersOf(this.partitionOf(key)).sort().join() === wanted && left-- === 0) return key
    }
  }

  node(number: number): Node {
    const node = this.nodes[number]
    if (node === undefined) throw new Error(`there is no agent ${number}`)
    return node
  }

  idsOf(...numbers: number[]): string[] {
    return numbers.map(number => this.node(number).id)
  }

  /** Time goes on until it holds. */
  async until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    for (let steps = 0; steps < 600; steps++) {
      if (await condition()) return
      await this.time.advance(100)
    }
    throw new Error(`waited in vain: ${what}`)
  }

  /** Until the member is seen as `state` by the other. */
  async sees(from: number, of: number, state: string): Promise<void> {
    const { id } = this.node(of)
    await this.until(async () => {
      const members = await membersOf(this.node(from).server)
      return members.some(member => member.id === id && member.state === state)
    }, `agent ${from} takes agent ${of} for ${state}`)
  }

  mint(at: number, key: string, text: string, fields: Partial<RequestOf<'mint'>> = {}) {
    return mint(this.node(at).server, key, Buffer.from(text), { ...this.address, ...fields })
  }

  /** The record of a mint goes to another agent. */
  async replicate(
    to: number,
    key: string,
    { delta: context, record, attributes }: Pick<Minted, 'delta' | 'record' | 'attributes'>,
    text: string,
    hintFor: readonly number[] = [],
  ) {
    const registers = attributes === undefined ? {} : { attributes }
    const head = { ...this.address, key, context, record, ...registers, ...this.#standIn(hintFor) }
    return (await this.node(to).server.request('merge', head, { body: Buffer.from(text) })).head
  }

  async merge(to: number, key: string, fields: Partial<RequestOf<'merge'>>, hintFor: readonly number[] = []) {
    const context = encodeContext({ vector: new Map(), cloud: new Map() })
    const head = { ...this.address, key, context, ...fields, ...this.#standIn(hintFor) }
    return (await this.node(to).server.request('merge', head)).head
  }

  async putBlock(
    to: number,
    key: string,
    opId: Uint8Array,
    bytes: Uint8Array,
    hintFor: readonly number[] = [],
  ) {
    const hash = systemHasher.sha256(bytes)
    const head = { ...this.address, key, opId, hash, size: bytes.length, ...this.#standIn(hintFor) }
    return (await this.node(to).server.request('putBlock', head, { body: bytes })).head
  }

  #standIn(hintFor: readonly number[]) {
    return hintFor.length === 0 ? {} : { hintFor: this.idsOf(...hintFor) }
  }
}

export async function membersOf(server: Exchange) {
  return (await server.request('gossip', { members: [], epoch: 0 })).head.members
}
