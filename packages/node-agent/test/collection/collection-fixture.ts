import { encodeEpoch, firstParentHash } from '@torc/cluster/ring/epoch'
import { assignTable } from '@torc/cluster/ring/table'
import { systemHasher } from '@torc/protocol/environment/system'
import { BlockIndex } from '../../src/blocks/block-index.js'
import { BlockStore } from '../../src/blocks/block-store.js'
import { immediateCompressor } from '../../src/blocks/immediate-compressor.js'
import { AuditWorker } from '../../src/collection/audit-worker.js'
import { CollectWorker } from '../../src/collection/collect-worker.js'
import type { OtherAgents } from '../../src/collection/other-agents.js'
import { blockFolders, blocksFolder } from '../../src/data-directory/data-directory.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { Counts } from '../../src/index/counts.js'
import { GroupCommit } from '../../src/index/group-commit.js'
import { migrateIndex } from '../../src/index/schema.js'
import { AgentLayout } from '../../src/layout/agent-layout.js'
import { Intents } from '../../src/leases/intents.js'
import { LeaseIndex } from '../../src/leases/lease-index.js'
import type { Operation, OperationState } from '../../src/leases/operation.js'
import { recordingLog } from '../support/recording-log.js'
import { VirtualTime } from '../support/virtual-time.js'

export const uploadMs = 1_000
export const graceMs = 500
export const times = { auditEveryMs: 100_000, auditAgainMs: 50 }

/** The agent itself, and two others that own keys with it. */
export const ids = ['agent-a', 'agent-b', 'agent-c'] as const

export function operation(n: number): Operation {
  return {
    opId: new Uint8Array(16).fill(n),
    bucketId: new Uint8Array(16).fill(7),
    key: Buffer.from(`key-${n}`),
  }
}

export function block(n: number): { readonly hash: Uint8Array; readonly bytes: Uint8Array } {
  const bytes = Buffer.from(`block ${n}`)
  return { hash: systemHasher.sha256(bytes), bytes }
}

/** An owner of blocks, on virtual time. What the owners of keys know is what the test says. */
export async function blockOwner(disk = new MemoryDisk(), clock = new VirtualTime(), replicas = 3) {
  await disk.makeFolders(blockFolders())
  const database = disk.openDatabase('index.sqlite')
  migrateIndex(database, 'memory')
  const counts = new Counts(database)
  const layout = new AgentLayout(database, 'agent-a', systemHasher)
  const commit = new GroupCommit(database, clock, [counts, layout])
  const leases = new LeaseIndex(database, clock, uploadMs)
  const intents = new Intents(database, clock, uploadMs)
  const index = new BlockIndex(database, counts, leases)
  const blocks = new BlockStore(disk, index, commit, systemHasher, immediateCompressor)
  /** By agent: what it answers to every question, also late; a rejection is silence. */
  const known = new Map<string, (operation: Operation) => OperationState | Promise<OperationState>>()
  const asked: string[] = []
  const askedAsHolders: string[] = []
  /** Who says in gossip that it holds hints of every partition. */
  const holders: string[] = []
  const others: OtherAgents = {
    ask(agent, operations, as) {
      asked.push(agent)
      if (as === 'holder') askedAsHolders.push(agent)
      return Promise.all(operations.map(async one => (await known.get(agent)?.(one)) ?? 'none'))
    },
    holdersOf: () => holders,
    release: async () => undefined,
  }
  const log = recordingLog()
  const audit = new AuditWorker({
    ...{ nodeId: 'agent-a', leases, commit, layout, hasher: systemHasher, clock, others, times, log },
    stateOf: one => (known.get('agent-a')?.(one) as OperationState | undefined) ?? 'none',
  })
  const collect = new CollectWorker({ blocks, index, intents, commit, clock, graceMs, log })
  const { signal } = new AbortController()
  if (layout.number === 0) {
    const agents = ids.map(id => ({ id, zone: '', capacity: 1 }))
    const table = assignTable(agents, { partitions: 16, replicas })
    const epoch = encodeEpoch({ number: 1, parentHash: firstParentHash, lineage: 'x', agents, table })
    await commit.submit(() => layout.store({ record: epoch }))
  }
  return {
    ...{
      disk,

      clock,
      commit,
      leases,
      intents,
      index,
      blocks,
      counts,
      known,
      asked,
      askedAsHolders,
      holders,
      audit,
      collect,
    },
    sql: (text: string) => void database.exec(text),
    put: (n: number, by: number) =>
      blocks.put(block(n).hash, block(n).bytes.length, operation(by), bodyOf(block(n).bytes)),
    refer: async (n: number, by: number) => (await blocks.refer([block(n).hash], operation(by))).length === 0,
    release: (by: number) => commit.submit(() => leases.release(operation(by))),
    step: () => audit.step(signal),
    collectNow: () => collect.step(signal),
    /** All that is due, until nothing is. */
    async audits() {
      while ((await audit.step(signal)) === 'busy');
    },
    hasFile: async (n: number) => {
      const name = Buffer.from(block(n).hash).toString('hex')
      return (await disk.fileSize(`${blocksFolder}/${name.slice(0, 2)}/${name}`)) !== undefined
    },
    operations: (n: number) => index.referencesOf(block(n).hash).map(({ opId }) => opId[0]),
  }
}

export function bodyOf(bytes: Uint8Array) {
  return {
    ...{ inline: undefined, sha256: undefined, bytes: async () => bytes, discard: () => undefined },
    async *[Symbol.asyncIterator]() {
      yield bytes
    },
  }
}

/** A promise that the test keeps when it likes. */
export function later<T>() {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
