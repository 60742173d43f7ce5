import { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import { keepAll } from '@torc/cluster/retention/policy'
import { encodeEpoch, firstParentHash } from '@torc/cluster/ring/epoch'
import { assignTable } from '@torc/cluster/ring/table'
import { silentLog } from '@torc/protocol/environment/log'
import { BlockBudget } from '@torc/protocol/store/block-budget'
import type { BodySource } from '../../src/bodies/body-source.js'
import { givenBody } from '../../src/bodies/body-source.js'
import { type PreparedBody, prepareBody } from '../../src/bodies/prepared-body.js'
import { RepairQueue } from '../../src/bodies/repair-queue.js'
import type { BucketView } from '../../src/buckets/bucket-record.js'
import { CollectionNumbers } from '../../src/collection/collection-numbers.js'
import type { Coordination } from '../../src/core/coordination.js'
import { KeyTurns } from '../../src/core/key-turns.js'
import { Repairs } from '../../src/core/repairs.js'
import type { WriteRequest } from '../../src/flows/write-request.js'
import { HintHolders } from '../../src/hints/hint-holders.js'
import { LayoutKeeper } from '../../src/layout/layout-keeper.js'
import { FakeAgent } from './fake-agent.js'
import { FakeAgents } from './fake-agents.js'
import { type FakeEnvironment, fakeEnvironment } from './fake-environment.js'

export interface FakeClusterOptions {
  readonly agents?: number
  readonly replicas?: number
  readonly partitions?: number
  readonly seed?: number
  /** Leave the agents without a layout. */
  readonly bare?: boolean
}

export interface FakeCluster {
  readonly c: Coordination
  readonly environment: FakeEnvironment
  readonly agents: FakeAgents
  readonly ids: readonly string[]
  agent(index: number): FakeAgent
  /** Agents in the order of a key's preference list. */
  owners(bucket: BucketView, key: string): FakeAgent[]
}

/** A coordinator's surroundings with agents in memory that have a layout. */
export function fakeCluster(options: FakeClusterOptions = {}): FakeCluster {
  const { agents: count = 3, replicas = 3, partitions = 16, seed = 1 } = options
  const environment = fakeEnvironment(seed)
  const list = Array.from({ length: count }, (_, i) => new FakeAgent(`agent-${i}`, i + 1, environment))
  const agents = new FakeAgents(list)
  const layouts = new LayoutKeeper(environment.hasher, silentLog)
  const ids = list.map(({ id }) => id)
  if (options.bare !== true) {
    const ring = ids.map(id => ({ id, zone: '', capacity: 1 }))
    const table = assignTable(ring, { partitions, replicas })
    const epoch = encodeEpoch({
      number: 1,
      parentHash: firstParentHash,
      lineage: 'test',
      agents: ring,
      table,
    })
    for (const agent of list) agent.epoch = epoch
    layouts.adopt({ epoch }, 'test')
  }
  const c: Coordination = {
    environment,
    hybridClock: new HybridClock(environment.clock),
    layouts,
    agents,
    fillBudget: new BlockBudget(4),
    writeBudget: new BlockBudget(4),
    arrivalBudget: new BlockBudget(4),
    readBudget: new BlockBudget(4),
    blockRepairs: new RepairQueue(2, 2),
    repairs: new Repairs(),
    // Other servers never say that they know.
    recordNews: { wrote: () => undefined, everywhere: () => new Promise(() => undefined) },
    keyTurns: new KeyTurns(),
    log: silentLog,
    clusterId: '00'.repeat(16),
    knownAgents: () => ids,
    hints: new HintHolders(),
    collections: new CollectionNumbers(),
    incarnationOf: () => 1,
    otherServers: () => false,
  }
  const agent = (index: number): FakeAgent => {
    const found = list[index]
    if (found === undefined) throw new RangeError(`agent ${index}`)
    return found
  }
  return {
    c,
    environment,
    agents,
    ids,
    agent,
    owners(bucket, key) {
      const layout = layouts.require()
      const owners = layout.owners(layout.partitionOfKey(environment.hasher, bucket.id, key), bucket.replicas)
      return owners.map(id => agent(ids.indexOf(id)))
    },
  }
}

export function testBucket(
  replicas = 3,
  readQuorum = 2,
  writeQuorum = 2,
  cutting: BucketView['cutting'] = 'fixed',
  compression: BucketView['compression'] = 'none',
): BucketView {
  return {
    name: 'bucket',
    id: Buffer.alloc(16, 7),
    replicas,
    readQuorum,
    writeQuorum,
    strict: false,
    policy: keepAll,
    policyFrom: 'default',
    cutting,
    compression,
    versioning: 'enabled',
    publicRead: false,
  }
}

export async function prepared(
  c: Coordination,
  bucket: BucketView,
  body: string | Uint8Array | BodySource,
  opId: Uint8Array,
  key = 'key',
): Promise<PreparedBody> {
  const source = typeof body === 'string' || body instanceof Uint8Array ? givenBody(body, undefined) : body
  return prepareBody(c, source, { bucket, key, opId, timeoutMs: undefined, signal: undefined })
}

/** A write of `text` with the usual rest; `opId` names it. */
export async function writeOf(
  c: Coordination,
  bucket: BucketView,
  key: string,
  text: string | Uint8Array,
  more: Partial<WriteRequest> = {},
): Promise<WriteRequest> {
  const opId = more.opId ?? c.environment.random.bytes(16)
  return {
    bucket,
    key,
    opId,
    kind: 'object',
    body: await prepared(c, bucket, text, opId, key),
    contentType: 'text/plain',
    metadata: [],
    token: undefined,
    policy: undefined,
    retry: false,
    timeoutMs: undefined,
    signal: undefined,
    ...more,
  }
}
