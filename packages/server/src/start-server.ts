import { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Membership } from '@torc/cluster/membership/membership'
import { Peers } from '@torc/cluster/membership/peers'
import type { Log } from '@torc/protocol/environment/log'
import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { acceptExchanges, connectExchange } from '@torc/protocol/exchange/endpoint'
import type { Exchange, Handlers } from '@torc/protocol/exchange/exchange'
import type { Credentials, Identity } from '@torc/protocol/handshake/identity'
import { deriveRootKey } from '@torc/protocol/handshake/root-key'
import type { Admin } from '@torc/protocol/store/admin'
import { BlockBudget } from '@torc/protocol/store/block-budget'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import { type Address, formatAddress, parseAddress, type Transport } from '@torc/protocol/transport/transport'
import { AccessControl } from './access/access-control.js'
import { AccessKeyFlow } from './access/access-key-flow.js'
import { AccessKeys } from './access/access-keys.js'
import { credentialsOf, secretKeyOf } from './access/credentials.js'
import { guardedHandlers } from './access/guarded-handlers.js'
import { guardedStore } from './access/guarded-store.js'
import { anonymous, type Principal } from './access/principal.js'
import { SecretSeals } from './access/secret-seals.js'
import { AgentPool } from './agents/agent-pool.js'
import { hasOtherServers, serverMembership } from './agents/membership.js'
import { BlockUploads } from './block-uploads/block-uploads.js'
import { UploadSeals } from './block-uploads/upload-seals.js'
import { RepairQueue } from './bodies/repair-queue.js'
import { BucketFlow } from './buckets/bucket-flow.js'
import { Buckets } from './buckets/buckets.js'
import { type ControlCall, ObjectControlStore } from './buckets/control-store.js'
import { hearsFromMost, RecordNews } from './buckets/record-news.js'
import { CollectionNumbers } from './collection/collection-numbers.js'
import { Coordinator } from './coordinator.js'
import { Administration } from './core/administration.js'
import { AttributeOperations } from './core/attribute-operations.js'
import type { Coordination } from './core/coordination.js'
import { readAttemptMs } from './core/deadline.js'
import { KeyTurns } from './core/key-turns.js'
import { Operations } from './core/operations.js'
import { Repairs } from './core/repairs.js'
import { SyncSessionOperations } from './core/sync-session-operations.js'
import { UploadOperations } from './core/upload-operations.js'
import { Watches } from './feed/watches.js'
import { attributeHandlers } from './handlers/attribute-handlers.js'
import { blockUploadHandlers } from './handlers/block-upload-handlers.js'
import { clusterHandlers } from './handlers/cluster-handlers.js'
import { feedHandlers } from './handlers/feed-handlers.js'
import { keyHandlers } from './handlers/key-handlers.js'
import { listingHandlers } from './handlers/listing-handlers.js'
import { objectHandlers } from './handlers/object-handlers.js'
import { syncSessionHandlers } from './handlers/sync-session-handlers.js'
import { uploadHandlers } from './handlers/upload-handlers.js'
import { HintHolders } from './hints/hint-holders.js'
import { InProcessKeys } from './in-process/in-process-keys.js'
import { LayoutChanges } from './layout/change-flow.js'
import { LayoutKeeper } from './layout/layout-keeper.js'
import { DiskSharedFiles } from './shared-path/disk-shared-files.js'
import type { SharedRoot } from './shared-path/resolve-path.js'

/** What all nodes of a cluster share. */
export interface ClusterSecret {
  /** 32 hex characters. */
  readonly clusterId: string
  readonly secret: Uint8Array
}

export interface ServerOptions {
  readonly secret: ClusterSecret
  readonly transport: Transport
  /** Port 0 chooses one. */
  readonly listen: Address
  /** Under which others reach this server; the bound address when absent. */
  readonly advertise?: Address | undefined
  /** Any live node of the cluster. */
  readonly join: readonly Address[]
  readonly name: string
  /** Directories for shared-path transfers; none = the mode is off. */
  readonly sharedRoots: readonly SharedRoot[]
  readonly environment: Environment
  readonly log: Log
}

export interface RunningServer {
  readonly id: string
  /** `host:port` under which it is reached. */
  readonly address: string
  /** As the root key may use it. */
  readonly store: ObjectStore & Admin
  /** As another access key may use it: each call is checked as a request of that key would be. */
  storeFor(accessKey: Principal): ObjectStore & Admin
  /**
   * The secret of an access key (the root key's too), for faces that check signatures which are made with it. Undefined
   * where there is no such key (any more); UNAVAILABLE where nobody can tell.
   */
  secretOf(accessKey: string): Promise<string | undefined>
  /** As whoever has no access key may use it: reads of public buckets, all else fails with DENIED. */
  storeForAnonymous(): ObjectStore & Admin
  /** Takes no more requests, lets those under way end, leaves the cluster. */
  close(): Promise<void>
  /** Resolves when it is closed: with an error where the cluster refused it (CONFLICT), which ended it. */
  readonly closed: Promise<TorcError | undefined>
}

/**
 * Blocks (1 MiB) that fill with what clients stream, arrive from clients one by one, are on their way to agents, and are
 * read ahead for clients, over all requests.
 */
const blocksFilling = 24
const blocksUnderWay = 16
const blocksArriving = 16
const blocksReadAhead = 16
/** Blocks that readers found missing or damaged on an agent: on their way there, and waiting in memory. */
const blocksRepairedAtOnce = 4
const blocksToRepairMax = 12
/** Patience with requests under way when the server stops, and with a node that is connected to. */
const drainMs = 5_000
const connectMs = 2_000

/**
 * Starts a coordinator. It holds no state of objects, so any number may run. Resolves once it listens and has
 * looked at its join list, whoever is there; rejects with CONFIG where it cannot listen.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { environment, log, secret, transport, name } = options
  const id = `${name}-${Buffer.from(environment.random.bytes(4)).toString('hex')}`
  const identity: { -readonly [K in keyof Identity]: Identity[K] } = {
    role: 'server',
    id,
    name,
    address: formatAddress(options.advertise ?? options.listen),
    clusterId: secret.clusterId,
    secret: secret.secret,
  }
  // Filled below, before this turn of the event loop ends: what handlers say needs the port that is bound here.
  const handlers: Handlers = {}
  const acceptor = await acceptExchanges(transport, options.listen, {
    identity,
    credentials: { secretOf: (role, id) => node.credentials.secretOf(role, id) },
    handlers,
    environment,
    allowedRoles: ['client', 'gateway', 'server', 'agent'],
    onExchange: exchange => {
      // Agents are reached over the pool's links.
      if (exchange.peer.role === 'server') node.peers.accepted(exchange)
    },
    log,
  })
  identity.address = formatAddress(options.advertise ?? acceptor.address)
  let refusal: TorcError | undefined
  let closing: Promise<void> | undefined
  let over: (refusal: TorcError | undefined) => void = () => {}
  const closed = new Promise<TorcError | undefined>(resolve => {
    over = resolve
  })
  const stop = async (): Promise<void> => {
    node.watches.close()
    await acceptor.close(drainMs)
    await node.membership.leave()
    await Promise.all([node.pool.close(drainMs), node.peers.close(drainMs)])
    over(refusal)
  }
  const close = (): Promise<void> => {
    closing ??= stop()
    return closing
  }
  const node: ComposedServer = composeServer(options, identity, handlers, error => {
    refusal = error
    log.error({ id, hint: error.hint }, `this server is refused: ${error.message}`)
    void close()
  })
  const { membership, pool } = node
  membership.begin({ ...selfOf(identity), incarnation: 1 })
  await membership.start()
  await Promise.all(pool.ids.map(agent => pool.track(agent)))
  log.info({ id, address: identity.address, epoch: node.c.layouts.number }, 'server started')
  const { store, storeFor, secretOf } = node
  const storeForAnonymous = (): ObjectStore & Admin => storeFor(anonymous)
  return { id, address: identity.address, store, storeFor, storeForAnonymous, secretOf, close, closed }
}

interface ComposedServer {
  readonly c: Coordination
  readonly pool: AgentPool
  readonly peers: Peers
  readonly membership: Membership
  readonly credentials: Credentials
  readonly store: Coordinator
  readonly watches: Watches
  readonly storeFor: RunningServer['storeFor']
  readonly secretOf: RunningServer['secretOf']
}

/** Builds the parts and fills `handlers` with what they serve. */
function composeServer(
  options: ServerOptions,
  identity: Identity,
  handlers: Handlers,
  onRefused: (error: TorcError) => void,
): ComposedServer {
  const { environment, log, secret, transport } = options
  const { clock, hasher, random } = environment
  const layouts = new LayoutKeeper(hasher, log)
  const connect = (address: Address, signal?: AbortSignal): Promise<Exchange> =>
    connectExchange(transport, address, {
      identity,
      handlers: membership.handlers,
      environment,
      expectedRoles: ['agent', 'server'],
      timeoutMs: connectMs,
      signal,
      log,
    })
  const learn = (agent: string): void => void layouts.learnFrom(pool, agent, readAttemptMs)
  const pool: AgentPool = new AgentPool({
    environment,
    log,
    connect: async (agent, signal) => connect(addressOf(membership, agent), signal),
    onConnected: learn,
    onFailed: agent => membership.lost(agent),
  })
  const peers: Peers = new Peers({
    transport,
    identity,
    // Looked up when a connection is made: peers and membership need each other.
    get handlers() {
      return membership.handlers
    },
    environment,
    log,
    onLost: id => membership.lost(id),
  })
  const membership: Membership = serverMembership(
    {
      join: options.join,
      environment,
      log,
      peers,
      epoch: () => layouts.number,
      onOtherEpoch: learn,
      onRefused,
    },
    pool,
  )
  const c: Coordination = {
    environment,
    hybridClock: new HybridClock(clock),
    layouts,
    agents: pool,
    fillBudget: new BlockBudget(blocksFilling),
    writeBudget: new BlockBudget(blocksUnderWay),
    arrivalBudget: new BlockBudget(blocksArriving),
    readBudget: new BlockBudget(blocksReadAhead),
    blockRepairs: new RepairQueue(blocksRepairedAtOnce, blocksToRepairMax),
    repairs: new Repairs(),
    // Below: what it forgets is made with what it is part of.
    get recordNews() {
      return recordNews
    },
    keyTurns: new KeyTurns(),
    hints: new HintHolders(),
    collections: new CollectionNumbers(),
    log,
    clusterId: secret.clusterId,
    knownAgents: () => pool.ids,
    incarnationOf: agent => membership.get(agent)?.incarnation ?? 0,
    otherServers: () => hasOtherServers(membership),
  }
  const recordNews = new RecordNews(membership, () => {
    buckets.forgetAll()
    accessKeys.forgetAll()
  })
  membership.subscribe(({ member }) => {
    if (member !== undefined) c.hints.heard(member)
  })
  const control = new ObjectControlStore(c)
  const hearsNews = (): boolean => hearsFromMost(c)
  const buckets = new Buckets(control, clock, hasher, secret.clusterId, hearsNews)
  const files = new DiskSharedFiles(options.sharedRoots, random)
  const operations = new Operations(c, buckets)
  const bucketFlow = new BucketFlow(c, control, buckets)
  const attributes = new AttributeOperations(c, buckets, bucketFlow)
  const uploads = new UploadOperations(c, buckets)
  const sessions = new SyncSessionOperations(c, buckets)
  const watches = new Watches(c, buckets)
  const administration = new Administration(
    c,
    membership,
    bucketFlow,
    new LayoutChanges(c, control, bucketFlow, membership),
  )
  const rootKey = deriveRootKey(secret.secret)
  const root = rootKey.accessKey
  const seals = new SecretSeals(secret.secret, hasher, random)
  const accessKeys = new AccessKeys(control, clock, seals, hearsNews)
  const secretOf = (id: string, call: ControlCall = {}): Promise<string | undefined> =>
    secretKeyOf(rootKey, accessKeys, id, call)
  const accessKeyFlow = new AccessKeyFlow(c, control, accessKeys, seals, root)
  const access = new AccessControl(root, accessKeys, buckets)
  const served: Handlers = {
    ...objectHandlers({ c, operations, files }),
    ...blockUploadHandlers(new BlockUploads(c, buckets, new UploadSeals(secret.secret))),
    ...attributeHandlers(attributes),
    ...listingHandlers(operations),
    ...feedHandlers(watches),
    ...uploadHandlers(uploads),
    ...syncSessionHandlers(sessions),
    ...clusterHandlers(administration, access),
    ...keyHandlers(accessKeyFlow, root, secretOf),
    ...membership.handlers,
  }
  Object.assign(handlers, guardedHandlers(served, access))
  const keys = new InProcessKeys(c, accessKeyFlow, root)
  const store = new Coordinator({
    c,
    operations,
    attributes,
    administration,
    uploads,
    sessions,
    watches,
    keys,
    files,
  })
  return {
    ...{ c, pool, peers, membership, store, watches },
    credentials: credentialsOf(secret.secret, rootKey, accessKeys),
    storeFor: principal => guardedStore(store, access, principal),
    secretOf,
  }
}

function addressOf(membership: Membership, agent: string): Address {
  const text = membership.get(agent)?.address
  const address = text === undefined ? undefined : parseAddress(text)
  if (address === undefined) throw new TorcError('UNREACHABLE', `no address of agent ${agent} is known`)
  return address
}

function selfOf({ id, name, address }: Identity) {
  return { id, name, address, role: 'server', zone: '', capacity: 0 } as const
}
