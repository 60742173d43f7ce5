import { decodeContext, emptyContext } from '@torc/cluster/clocks/causal-context'
import { bucketIdOf } from '@torc/cluster/ring/bucket-id'
import { decodeEpoch, type Epoch } from '@torc/cluster/ring/epoch'
import { blockPartition } from '@torc/cluster/ring/partition'
import { preferenceList } from '@torc/cluster/ring/table'
import { headsOf, makeState } from '@torc/cluster/state/key-state'
import { compareVersions, type Version } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { stages } from '@torc/cluster/transition/stage'
import { type Environment, systemEnvironment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { connectExchange } from '@torc/protocol/exchange/endpoint'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { RequestOf } from '@torc/protocol/messages/table'
import { tcpTransport } from '@torc/protocol/transport/tcp'
import { parseAddress, type Transport } from '@torc/protocol/transport/transport'
import { type ClusterSecret, requireClusterSecret } from 'torc/files/cluster-secret'
import { beforeNextLook } from '../patience.js'

/** What one agent holds of a key. */
export interface Replica {
  readonly agent: string
  /** Ids, newest first. */
  readonly heads: readonly string[]
  readonly versions: readonly string[]
  /** When each of these versions was minted: hybrid time, microseconds. */
  readonly mintedAt: readonly number[]
  /** The whole state, byte by byte: digest, context, records, registers and inline bodies, in hexadecimal. */
  readonly bytes: readonly string[]
}

export interface ProbeOptions {
  readonly secret: ClusterSecret
  /** `host:port` of the agents that are asked. */
  readonly addresses: readonly string[]
  readonly environment: Environment
  readonly transport: Transport
}

type KeyAddress = Pick<RequestOf<'fetchKey'>, 'epoch' | 'stage' | 'time' | 'bucketId' | 'key'>

const inlineBytesMax = 64 * 1024
/** The probe's name in its HELLO; belongs to no side of a split. */
const name = 'probe'

/** Asks the agents themselves, as a server would but without joining: nothing is merged, repaired or chosen. */
export class ReplicaProbe {
  readonly #options: ProbeOptions
  readonly #exchanges = new Map<string, Exchange>()

  constructor(options: ProbeOptions) {
    this.#options = options
  }

  /** For agents that are processes on this machine. */
  static ofProcesses(secretFile: string, addresses: readonly string[]): ReplicaProbe {
    return new ReplicaProbe({
      ...{ secret: requireClusterSecret(secretFile), addresses },
      ...{ environment: systemEnvironment, transport: tcpTransport() },
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#exchanges.values()].map(exchange => exchange.close()))
  }

  /** The state of a key on each of the agents that own it, in their order. */
  async replicas(bucket: string, key: string, generation = 1): Promise<Replica[]> {
    const { secret, environment, addresses } = this.#options
    const bucketId = bucketIdOf(environment.hasher, secret.clusterId, bucket, generation)
    const time = environment.clock.nowMs() * 1000
    const found = await Promise.all(
      addresses.map(async address => {
        try {
          return await replicaOf(await this.#exchangeWith(address), { bucketId, key, time })
        } catch (error) {
          if (error instanceof TorcError && error.code === 'NOT_OWNER') return undefined
          throw error
        }
      }),
    )
    return found.filter(replica => replica !== undefined)
  }

  /** Node ids of the agents that own a block, in the order in which readers ask them. */
  async ownersOfBlock(hash: Uint8Array, replicas: number): Promise<readonly string[]> {
    const [address] = this.#options.addresses
    if (address === undefined) throw new Error('there is no agent to ask')
    const { table } = await newestEpoch(await this.#exchangeWith(address))
    return preferenceList(table, blockPartition(hash, table.partitions), replicas)
  }

  async #exchangeWith(text: string): Promise<Exchange> {
    const known = this.#exchanges.get(text)
    if (known?.open === true) return known
    const address = parseAddress(text)
    if (address === undefined) throw new Error(`${text} is no address`)
    const { secret, environment, transport } = this.#options
    const exchange = await connectExchange(transport, address, {
      identity: { role: 'server', id: `${name}-00000000`, name, address: '', ...secret },
      environment,
      expectedRoles: ['agent'],
    })
    this.#exchanges.set(text, exchange)
    return exchange
  }

  /**
   * Waits until all replicas of a key are the same, byte by byte, and `holds`; what they are then. Rejects with what
   * they are after half a minute: what a read began to write back arrives a moment after its answer.
   */
  async settled(
    bucket: string,
    key: string,
    holds: (one: Replica) => boolean = () => true,
  ): Promise<Replica> {
    const deadline = performance.now() + 30_000
    for (;;) {
      const replicas = await this.replicas(bucket, key)
      const [first] = replicas
      if (first !== undefined && replicas.every(other => sameBytes(first, other)) && holds(first))
        return first
      if (performance.now() > deadline) {
        throw new Error(`the replicas of ${bucket}/${key} differ: ${JSON.stringify(replicas, undefined, 1)}`)
      }
      await beforeNextLook()
    }
  }
}

function sameBytes(a: Replica, b: Replica): boolean {
  return a.bytes.join() === b.bytes.join()
}

async function replicaOf(
  exchange: Exchange,
  wanted: Pick<KeyAddress, 'bucketId' | 'key' | 'time'>,
): Promise<Replica> {
  const address: KeyAddress = {
    ...wanted,
    epoch: (await newestEpoch(exchange)).number,
    stage: stages.settled,
  }
  const records: Uint8Array[] = []
  const whole: string[] = []
  let context = emptyContext
  for await (const { head, body } of exchange.fetch('fetchKey', { ...address, want: 'state' })) {
    body?.discard()
    if (whole.length === 0) whole.push(`digest ${hex(head.digest)}`)
    if (head.context !== undefined) {
      context = decodeContext(head.context)
      whole.push(`context ${hex(head.context)}`)
    }
    if (head.attributes !== undefined) whole.push(`attributes ${hex(head.attributes)}`)
    records.push(...(head.heads ?? []), ...(head.versions ?? []))
  }
  const versions = records.map(record => decodeVersion(record)).sort(compareVersions)
  whole.push(...records.map(record => `record ${hex(record)}`).sort())
  for (const version of versions) whole.push(await bodyOf(exchange, address, version))
  const state = makeState(context, versions)
  return {
    agent: exchange.peer.id,
    heads: headsOf(state.versions.values()).map(({ id }) => id),
    versions: versions.map(({ id }) => id),
    mintedAt: versions.map(({ createdAt }) => createdAt),
    bytes: whole,
  }
}

async function newestEpoch(exchange: Exchange): Promise<Epoch> {
  for await (const { head } of exchange.fetch('fetchEpoch', {})) {
    if (head.epoch !== undefined) return decodeEpoch(head.epoch)
  }
  throw new Error(`${exchange.peer.id} has no layout`)
}

async function bodyOf(
  exchange: Exchange,
  address: KeyAddress,
  { id, dot, size, blocks }: Version,
): Promise<string> {
  if (size === 0 || blocks !== undefined) return `body ${id}`
  try {
    for await (const { body } of exchange.fetch('fetchBody', { ...address, dot: [dot.actor, dot.counter] })) {
      if (body !== undefined) return `body ${id} ${hex(await body.bytes(inlineBytesMax))}`
    }
  } catch (error) {
    // It went after the state was told: the next look sees another state.
    if (error instanceof TorcError && error.code === 'VERSION_NOT_FOUND') return `body ${id} has gone`
    throw error
  }
  throw new Error(`${exchange.peer.id} has no body of ${id}`)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
