import { decodeEpoch, encodeEpoch, firstParentHash } from '@torc/cluster/ring/epoch'
import { silentLog } from '@torc/protocol/environment/log'
import { systemHasher } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { Lease } from '@torc/protocol/frames/lease'
import { openStorage } from '../../src/agent-storage.js'
import type { BlockRow } from '../../src/blocks/block-index.js'
import { immediateCompressor } from '../../src/blocks/immediate-compressor.js'
import { openDataDirectory } from '../../src/data-directory/data-directory.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import type { AgentContext } from '../../src/handlers/agent-context.js'
import { Dispatcher } from '../../src/hints/dispatcher.js'
import type { HintReceiver } from '../../src/hints/hint-receiver.js'
import type { DeliveredDelta } from '../../src/hints/key-delivery.js'
import type { KeyName } from '../../src/index/key-writer.js'
import type { Operation } from '../../src/leases/operation.js'
import { clusterId } from '../support/agent-harness.js'
import { seededRandom } from '../support/seeded-random.js'
import { VirtualTime } from '../support/virtual-time.js'

export const target = 'target-a'
export const otherTarget = 'target-b'
const partitions = 16

/** What a target got, and what it does: by default it takes everything and lacks every block. */
export class Receiver implements HintReceiver {
  alive = true
  readonly merged: { readonly key: string; readonly delta: DeliveredDelta }[] = []
  readonly referred: Uint8Array[][] = []
  readonly blocks: Uint8Array[] = []
  /** Called before each step; what it throws is the target's answer. */
  before: (what: 'merge' | 'refer' | 'put', name: string) => void | Promise<void> = () => undefined

  isAlive(): boolean {
    return this.alive
  }

  /** The target knows that all versions came and went. */
  hasSeenAll = false

  async merge(_target: string, name: KeyName, delta: DeliveredDelta): Promise<boolean> {
    const key = Buffer.from(name.key).toString()
    await this.before('merge', key)
    this.merged.push({ key, delta })
    return this.hasSeenAll
  }

  async refer(_target: string, _operation: Operation, hashes: readonly Uint8Array[]) {
    await this.before('refer', '')
    this.referred.push([...hashes])
    return hashes.map((_, position) => position)
  }

  async put(_target: string, _operation: Operation, block: Pick<BlockRow, 'hash'>, bytes: Lease) {
    await this.before('put', Buffer.from(block.hash).toString('hex'))
    this.blocks.push(Uint8Array.from(bytes.bytes))
    bytes.release()
  }
}

/** A fallback's storage on virtual time: it owns nothing, two targets own everything. */
export class Holder {
  readonly receiver = new Receiver()
  readonly announced: (Uint8Array | undefined)[] = []
  #opIds = 0

  private constructor(
    readonly time: VirtualTime,
    readonly disk: MemoryDisk,
    readonly context: AgentContext,
  ) {
    context.hints.partitions.start(bits => this.announced.push(bits))
  }

  static async open(
    options: { disk?: MemoryDisk; time?: VirtualTime; bytesMax?: number; owners?: readonly string[] } = {},
  ): Promise<Holder> {
    const { disk = new MemoryDisk(), time = new VirtualTime() } = options
    const random = seededRandom(3)
    const directory = await openDataDirectory(disk, { clusterId, name: 'holder', random })
    const environment = { clock: time, random, hasher: systemHasher }
    const hints = { bytesMax: options.bytesMax ?? 1e9, lingerMs: 1_000 }
    const times = { uploadMs: 1_000, remainderMs: 1_000 }
    const context = openStorage(disk, directory, environment, silentLog, times, immediateCompressor, hints)
    const holder = new Holder(time, disk, context)
    if (context.layout.number === 0) await holder.own(options.owners ?? [target, otherTarget])
    return holder
  }

  /** The next layout: these own everything. */
  async own(owners: readonly string[]): Promise<void> {
    const { layout, commit } = this.context
    const agents = [...owners].sort().map(id => ({ id, zone: '', capacity: 1 }))
    const rows = Array.from({ length: partitions }, () => [...owners])
    const before = layout.record === undefined ? undefined : decodeEpoch(layout.record)
    const parentHash = before === undefined ? firstParentHash : systemHasher.sha256(encodeEpoch(before))
    const table = { partitions, replicas: owners.length, rows }
    const epoch = { number: layout.number + 1, parentHash, lineage: 'x', agents, table }
    await commit.submit(() => layout.store({ record: encodeEpoch(epoch) }))
  }

  name(key: string): KeyName {
    return { bucketId: new Uint8Array(16).fill(7), key: Buffer.from(key), partition: key.length % partitions }
  }

  opId(): Uint8Array {
    const opId = new Uint8Array(16)
    new DataView(opId.buffer).setUint32(12, ++this.#opIds)
    return opId
  }

  /** A write for owners that are down. */
  async write(key: string, body = key, targets: readonly string[] = [target]) {
    const { commit, index, hints } = this.context
    const name = this.name(key)
    const bytes = Buffer.from(body)
    return await commit.submit(() => {
      const { version } = index.mint(name, {
        ...{ opId: this.opId(), kind: 'object', cover: undefined, exact: false, seenTime: 0, seenSeq: 0 },
        ...{ size: bytes.length, sha256: systemHasher.sha256(bytes), etag: '', contentType: '' },
        ...{ metadata: [], blocks: undefined, body: bytes },
        ...{ retention: undefined, setPolicy: undefined, attempt: undefined },
      })
      hints.keys.note(name, this.keyId(key), targets, bytes.length)
      return version
    })
  }

  async writeBlock(text: string, operation: Operation, targets: readonly string[] = [target]) {
    const bytes = Buffer.from(text)
    const hash = systemHasher.sha256(bytes)
    const body = {
      ...{ inline: undefined, sha256: undefined, bytes: async () => bytes, discard: () => undefined },
      async *[Symbol.asyncIterator]() {
        yield bytes
      },
    }
    const { blocks, hints } = this.context
    const alongside = (): void => hints.blocks.note(hash, operation, targets)
    await blocks.put(hash, bytes.length, operation, body, { alongside })
    return hash
  }

  operation(key: string): Operation {
    return { ...this.name(key), opId: this.opId() }
  }

  keyId(key: string): number {
    const { bucketId, key: text } = this.name(key)
    const row = this.context.index.rows.find(bucketId, text)
    if (row === undefined) throw new Error(`${key} is not here`)
    return row.id
  }

  has(key: string): boolean {
    const { bucketId, key: text } = this.name(key)
    return this.context.index.rows.find(bucketId, text) !== undefined
  }

  dispatcher(bytesPerSecond = 1e9, of = target): Dispatcher {
    const { nodeId, index, hints, layout, commit, releases, hasher, blocks, replicasOf, log } = this.context
    return new Dispatcher(of, {
      ...{ nodeId, index, hints, layout, commit, releases, hasher, blocks, log },
      ...{ clock: this.time, receiver: this.receiver, bytesPerSecond, replicasOf },
    })
  }

  /** The next process on the same disk. */
  async reopen(crash: boolean, bytesMax?: number): Promise<Holder> {
    if (crash) this.disk.crash()
    else await this.disk.close()
    return await Holder.open({ disk: this.disk, time: this.time, ...(bytesMax ? { bytesMax } : {}) })
  }
}

/** Steps until it has nothing to do at once; what failed on the way. */
export async function run(dispatcher: Dispatcher, stepsMax = 1_000): Promise<string[]> {
  const { signal } = new AbortController()
  const failures: string[] = []
  for (let steps = 0; steps < stepsMax; steps++) {
    try {
      if ((await dispatcher.step(signal)) === 'idle') return failures
    } catch (thrown) {
      failures.push(TorcError.from(thrown).code)
      return failures
    }
  }
  throw new Error('it never rests')
}
