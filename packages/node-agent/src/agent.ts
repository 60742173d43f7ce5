import { Membership } from '@torc/cluster/membership/membership'
import { Peers } from '@torc/cluster/membership/peers'
import type { Log } from '@torc/protocol/environment/log'
import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { acceptExchanges } from '@torc/protocol/exchange/endpoint'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { Credentials, Identity } from '@torc/protocol/handshake/identity'
import { limits } from '@torc/protocol/limits'
import { type Address, formatAddress, type Transport } from '@torc/protocol/transport/transport'
import { type CounterLeaseOptions, CounterLeases } from './actors/counter-leases.js'
import { PeerKeepers } from './actors/other-keepers.js'
import { openStorage } from './agent-storage.js'
import type { Compressor } from './blocks/block-encoding.js'
import { brotliCompressor } from './blocks/brotli-compressor.js'
import { Collection, type CollectionOptions, collectionTimes } from './collection/collection.js'
import { PeerAgents } from './collection/other-agents.js'
import { PeerOwners } from './consensus/other-owners.js'
import { Recovery } from './consensus/recovery.js'
import { type DataDirectory, openDataDirectory } from './data-directory/data-directory.js'
import { markClosed } from './data-directory/directory-row.js'
import type { Disk } from './disk/disk.js'
import { FileDisk } from './disk/file-disk.js'
import type { AgentContext } from './handlers/agent-context.js'
import { agentHandlers } from './handlers/agent-handlers.js'
import { storeEpoch } from './handlers/put-epoch.js'
import { HintDelivery } from './hints/hint-delivery.js'
import { PeerReceiver } from './hints/hint-receiver.js'
import { type HintOptions, hintBytesDefault } from './hints/hints.js'
import { Incarnation } from './membership/incarnation.js'
import { PeerRemainders } from './remainders/other-agents-remainders.js'
import { RemainderCollection } from './remainders/remainder-collection.js'
import { Repair, type RepairOptions } from './repair/repair.js'
import { OwnerBlocks } from './scrub/owner-blocks.js'
import { Scrub, type ScrubOptions } from './scrub/scrub.js'
import { ScrubRow } from './scrub/scrub-row.js'
import { BallotTakeover } from './transition/ballot-takeover.js'
import { PeerTransitions } from './transition/peer-transitions.js'
import { Transition, type TransitionOptions } from './transition/transition.js'

export interface AgentOptions {
  /** Path of the data directory, or a disk in its place. The agent closes it. */
  readonly data: string | Disk
  /** The cluster's id, 32 hex digits, and its secret. */
  readonly clusterId: string
  readonly secret: Uint8Array
  readonly transport: Transport
  /** Where to listen; port 0 takes a free one. */
  readonly listen: Address
  /** Where others reach it, when that is not where it listens. */
  readonly advertise?: Address | undefined
  /** Nodes of the cluster; any live one suffices. */
  readonly join: readonly Address[]
  /**
   * 1 to 48 bytes, its own in the cluster; first part of the node id of a new data directory. When absent, the node id
   * is the name.
   */
  readonly name?: string | undefined
  readonly zone: string
  /** Relative weight in layouts, in bytes. */
  readonly capacity: number
  /** How its blocks are checked in the background. */
  readonly scrub?: ScrubOptions | undefined
  /** When blocks go that nobody needs. */
  readonly collection?: CollectionOptions | undefined
  /** What it takes in place of owners that are down, and how fast it delivers it. */
  readonly hints?: HintOptions | undefined
  /** How its counters are leased. */
  readonly counterLeases?: CounterLeaseOptions | undefined
  /** How it is kept level with the other owners in the background. */
  readonly repair?: RepairOptions | undefined
  /** How it takes over what layouts give it. */
  readonly transition?: TransitionOptions | undefined
  /** How many changes it keeps for those who watch; 1,000,000 when absent. */
  readonly changesMax?: number | undefined
  /** What makes blocks smaller; threads of the process when absent. */
  readonly compressor?: Compressor | undefined
  readonly environment: Environment
  readonly log: Log
}

export interface Agent {
  /** Node id. */
  readonly id: string
  readonly address: Address
  /** Ends in order: no new requests, open ones end, the index is checkpointed, the lock given back. */
  close(): Promise<void>
  /** Resolves once it is closed: with an error where the cluster refused it (CONFLICT), which ended it. */
  readonly closed: Promise<TorcError | undefined>
}

/** Patience with requests under way when the agent closes. */
const closeMs = 5_000

/**
 * Starts a storage agent. Rejects with DATA_DIRECTORY when the data directory can't be used and CONFIG when it
 * can't listen. It needs nobody to be there: peers are looked for in the background.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { environment, log } = options
  if (options.advertise === undefined && ['0.0.0.0', '::'].includes(options.listen.host)) {
    throw new TorcError(
      'CONFIG',
      `an agent that listens on ${options.listen.host} must be told where others reach it`,
      {
        hint: 'Add --advertise HOST:PORT.',
      },
    )
  }
  const disk = typeof options.data === 'string' ? await FileDisk.open(options.data) : options.data
  try {
    const { clusterId, name = 'agent' } = options
    const directory = await openDataDirectory(disk, { clusterId, name, random: environment.random })
    logOpened(log, disk, directory)
    const { uploadMs, remainderMs } = collectionTimes(options.collection)
    const compressor = options.compressor ?? brotliCompressor
    const hints = {
      bytesMax: options.hints?.bytesMax ?? hintBytesDefault(options.capacity),
      lingerMs: options.hints?.lingerMs ?? limits.requestMs,
    }
    const bounds = { uploadMs, remainderMs, changesMax: options.changesMax }
    const context = openStorage(disk, directory, environment, log, bounds, compressor, hints)
    return await serve(options, context)
  } catch (thrown) {
    await disk.close()
    throw thrown
  }
}

async function serve(options: AgentOptions, context: AgentContext): Promise<Agent> {
  const { environment, transport, log, clusterId, secret } = options
  let address = options.advertise ?? options.listen
  const name = options.name ?? context.nodeId
  const identity: Identity = {
    role: 'agent',
    id: context.nodeId,
    name,
    // Known once the port is bound, and asked for by each handshake.
    get address() {
      return formatAddress(address)
    },
    clusterId,
    secret,
  }
  // Requests to other owners go over the connections that answer requests here: each needs the other.
  const reach: Peers['reach'] = (...to) => peers.reach(...to)
  const incarnation = new Incarnation(context.database, log)
  const membership = new Membership({
    join: options.join,
    clock: environment.clock,
    random: environment.random,
    log,
    reach: ({ address: at, member, fresh }) => reach(at, fresh ? undefined : member?.id),
    epoch: () => context.layout.number,
    onOtherEpoch: (exchange, epoch) => {
      if (epoch > context.layout.number) void fetchNewerEpoch(context, exchange)
    },
    storeIncarnation: number => incarnation.store(number),
    onRefused: error => refuse(error),
  })
  const others = new PeerAgents({
    layout: context.layout,
    membership,
    peers: { reach },
    clock: context.clock,
  })
  const collection = new Collection(context, environment, others, options.collection)
  const receiver = new PeerReceiver({
    ...{ layout: context.layout, membership, clock: context.clock },
    peers: { reach },
    replicasOf: context.replicasOf,
    collections: context.collections,
  })
  const delivery = new HintDelivery(context, environment.clock, receiver, options.hints)
  const keepers = new PeerKeepers({
    nodeId: context.nodeId,
    membership,
    peers: { reach },
    clock: context.clock,
  })
  const counterLeases = new CounterLeases(
    context,
    environment,
    keepers,
    restored => void membership.describe({ restored }),
    options.counterLeases,
  )
  const source = ownerBlocks(options, context, membership, { reach })
  const scrub = makeScrub(options, context, source)
  const repairParts = { membership, peers: { reach }, others, source, environment }
  const repair = new Repair(context, repairParts, options.repair)
  const parts = new PeerTransitions(membership, { reach })
  const takeover = new BallotTakeover({
    ...{ rows: context.ballots, layout: context.layout, commit: context.commit, hasher: context.hasher },
    ...{ membership, peers: { reach }, clock: environment.clock, hybridClock: context.clock },
  })
  const transition = new Transition(
    context,
    environment,
    parts,
    repair.takeover,
    takeover,
    () => counterLeases.leasedUnder,
    options.transition,
  )
  const owners = new PeerOwners({
    layout: context.layout,
    membership,
    peers: { reach },
    clock: context.clock,
  })
  const recovery = new Recovery(context, environment, owners)
  const remainders = new RemainderCollection(context, environment, {
    membership,
    agents: new PeerRemainders({
      layout: context.layout,
      membership,
      peers: { reach },
      clock: context.clock,
    }),
    holdersOf: partition => others.holdersOf(partition),
  })
  const work = { scrub, collection, delivery, counterLeases, repair, recovery, transition, remainders }
  const handlers = agentHandlers(context, membership, work)
  const onLost = (id: string): void => membership.lost(id)
  const peers = new Peers({ transport, identity, handlers, environment, log, onLost })
  const acceptor = await acceptExchanges(transport, options.listen, {
    identity,
    credentials: nodesOnly(secret),
    handlers,
    environment,
    allowedRoles: ['server', 'agent'],
    onExchange: exchange => peers.accepted(exchange),
    log,
  })
  address = options.advertise ?? acceptor.address
  const { zone, capacity } = options
  const self = { id: context.nodeId, name, zone, capacity, role: 'agent' } as const
  membership.begin({ ...self, address: formatAddress(address), incarnation: incarnation.next() })
  if (context.layout.restored !== undefined) membership.describe({ restored: true })
  context.hints.partitions.start(hints => membership.describe({ hints }))
  membership.subscribe(({ member }) => {
    if (member?.state === 'alive') delivery.wake(member.id)
  })
  void membership.start()
  scrub.start()
  collection.start()
  delivery.start()
  counterLeases.start()
  repair.start()
  transition.start()
  recovery.start()
  remainders.start()
  log.debug({ id: context.nodeId, epoch: context.layout.number }, 'agent serves')

  let onClosed: (refusal: TorcError | undefined) => void = () => undefined
  const closed = new Promise<TorcError | undefined>(resolve => {
    onClosed = resolve
  })
  let refusal: TorcError | undefined
  let closing: Promise<void> | undefined
  const end = async (): Promise<void> => {
    context.tailWaits.close()
    await membership.leave()
    await Promise.all([
      acceptor.close(closeMs),
      peers.close(closeMs),
      ...Object.values(work).map(worker => worker.stop()),
    ])
    closeStorage(context)
    await context.disk.close()
    log.debug({ id: context.nodeId }, 'agent closed')
  }
  const close = (): Promise<void> => {
    closing ??= end().finally(() => onClosed(refusal))
    return closing
  }
  const refuse = (error: TorcError): void => {
    refusal = error
    log.error({ id: context.nodeId, hint: error.hint }, `this agent is refused: ${error.message}`)
    void close()
  }
  return { id: context.nodeId, address: acceptor.address, closed, close }
}

function ownerBlocks(
  options: AgentOptions,
  { nodeId, layout, clock, hasher }: AgentContext,
  membership: Membership,
  peers: Pick<Peers, 'reach'>,
): OwnerBlocks {
  return new OwnerBlocks({ nodeId, layout, membership, peers, clock, hasher, log: options.log })
}

function makeScrub(options: AgentOptions, context: AgentContext, source: OwnerBlocks): Scrub {
  const { environment, log } = options
  const { blocks, blockIndex: index, disk, commit, counts, database } = context
  const row = new ScrubRow(database)
  const { clock } = environment
  return new Scrub({ blocks, index, row, disk, commit, counts, clock, source, log }, options.scrub)
}

/** Writes that wait are committed; the mark is set last, so that it is only there when all went well. */
function closeStorage(context: AgentContext): void {
  context.commit.close()
  try {
    markClosed(context.database)
  } catch (thrown) {
    // A full disk: the next start checks the index instead.
    context.log.warn({ err: thrown }, 'the index could not be marked as closed')
  }
}

/** Nodes prove the cluster secret; clients have no business with agents. */
function nodesOnly(secret: Uint8Array): Credentials {
  return { secretOf: role => (role === 'client' ? undefined : secret) }
}

async function fetchNewerEpoch(context: AgentContext, exchange: Exchange): Promise<void> {
  if (exchange.peer.role !== 'agent') return
  try {
    for await (const { head } of exchange.fetch('fetchEpoch', {})) {
      if (head.epoch === undefined) continue
      const { epoch, ...rest } = head
      await storeEpoch(context, { record: epoch, ...rest })
    }
  } catch (thrown) {
    const { id, address } = exchange.peer
    context.log.error({ err: thrown, peer: id, address }, 'the newer layout of a peer can not be taken')
  }
}

function logOpened(log: Log, disk: Disk, directory: DataDirectory): void {
  const { created, unclean, temporariesRemoved, identity } = directory
  const facts = { data: disk.name, id: identity.nodeId, temporariesRemoved }
  if (created) log.info(facts, 'data directory made')
  else if (unclean) log.warn(facts, 'the last process did not end in order; the index was checked')
  else log.info(facts, 'data directory opened')
}
