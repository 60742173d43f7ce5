import {
  contextOfDot,
  decodeContext,
  emptyContext,
  encodeContext,
  highestCounter,
} from '@torc/cluster/clocks/causal-context'
import { type ActorId, actorId, dotText } from '@torc/cluster/clocks/dot'
import { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import { decodeProposal } from '@torc/cluster/consensus/proposal'
import { decodeEpoch, epochHash } from '@torc/cluster/ring/epoch'
import { keyPartition } from '@torc/cluster/ring/partition'
import { encodeAttributes } from '@torc/cluster/state/attributes-codec'
import {
  closedContext,
  emptyState,
  headsOf,
  type KeyState,
  makeState,
  mergeStates,
} from '@torc/cluster/state/key-state'
import { type MintInput, planMint, summaryOf } from '@torc/cluster/state/key-summary'
import { type Version, versionIdOf } from '@torc/cluster/state/version'
import { encodeVersion } from '@torc/cluster/state/version-codec'
import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { MessageName, RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import { FakeBlocks, hashAt } from './fake-blocks.js'
import { mergeInto } from './fake-merge.js'
import { readKey, readRange, type StoredKey } from './fake-reads.js'
import { FakeRegister } from './fake-register.js'
import { readClock, registersOf, retentionOf, timeOfPolicy } from './fake-retention.js'

interface Addressed {
  readonly epoch: number
  readonly time: number
  readonly bucketId?: Uint8Array | undefined
  readonly key?: string | undefined
  /** Of a block, which is placed by it. */
  readonly hash?: Uint8Array | undefined
  readonly hashes?: Uint8Array | undefined
  readonly hintFor?: readonly string[] | undefined
  readonly asHolder?: boolean | undefined
}

export interface FakeReply<N extends MessageName> {
  readonly head: ResponseOf<N>
  readonly body?: Uint8Array | undefined
}

/**
 * A storage agent in memory, made of the pure whole-state functions: what real agents do incrementally, this does
 * by joining whole states. It checks epochs as they do.
 */
export class FakeAgent {
  readonly id: string
  readonly actor: ActorId
  readonly keys = new Map<string, StoredKey>()
  /** By hash in hexadecimal. Tests damage a block by putting other bytes here. */
  readonly blocks: Map<string, Uint8Array>
  /** Block's hash and version id of the operation that needs it. */
  readonly references: Set<string>
  /** Version ids of operations that may refer to blocks, and mint. Tests take some away. */
  readonly intents = new Set<string>()
  /** Attempts that may mint, by version id. */
  readonly fences = new Map<string, Uint8Array>()
  /** Owners that it keeps hints for, by `bucket/key` or block in hexadecimal. */
  readonly hints = new Map<string, Set<string>>()
  readonly registers = new Map<string, FakeRegister>()
  /** Keys of which what is left is being collected. */
  readonly collecting = new Set<string>()
  /** Collection number of all partitions. */
  collection = 0
  /** Rises with each hint, as what a real agent says of itself in gossip. */
  revision = 0
  readonly #environment: Environment
  readonly #clock: HybridClock
  readonly #blocks: FakeBlocks
  #counter = 0
  epoch: Uint8Array | undefined

  constructor(id: string, number: number, environment: Environment) {
    this.id = id
    this.actor = actorId(number.toString(16).padStart(16, '0'))
    this.#environment = environment
    this.#clock = new HybridClock(environment.clock)
    const now = () => this.#clock.now()
    this.#blocks = new FakeBlocks(environment.hasher, now, (owners, hash) => this.#hintFor(owners, hash))
    this.blocks = this.#blocks.stored
    this.references = this.#blocks.references
  }

  /** The state of a key; the empty one when it is unknown. */
  stateOf(bucketId: Uint8Array, key: string): KeyState {
    return this.#find(bucketId, key)?.state ?? emptyState
  }

  answer(name: MessageName, head: unknown, body: Uint8Array | undefined): FakeReply<MessageName>[] {
    switch (name) {
      case 'mint':
        return [this.#mint(this.#addressed(head as RequestOf<'mint'>), body)]
      case 'merge':
        return [this.#merge(this.#addressed(head as RequestOf<'merge'>), body)]
      case 'prepare':
        return [this.#prepare(this.#addressed(head as RequestOf<'prepare'>))]
      case 'accept':
        return [this.#accept(this.#addressed(head as RequestOf<'accept'>), body)]
      case 'learn':
        return [this.#learn(this.#addressed(head as RequestOf<'learn'>))]
      case 'fetchKey':
        return this.#fetchKey(this.#addressed(head as RequestOf<'fetchKey'>))
      case 'fetchBody':
        return [this.#fetchBody(this.#addressed(head as RequestOf<'fetchBody'>))]
      case 'setAttributes':
        return [this.#setAttributes(this.#addressed(head as RequestOf<'setAttributes'>))]
      case 'placeIntent':
        return [this.#placeIntent(this.#addressed(head as RequestOf<'placeIntent'>))]
      case 'fetchRange':
        return this.#fetchRange(this.#addressed(head as RequestOf<'fetchRange'>))
      case 'fetchEpoch':
        return [{ head: this.epoch === undefined ? {} : { epoch: this.epoch } }]
      case 'putEpoch':
        return [this.#putEpoch(head as RequestOf<'putEpoch'>)]
      case 'fetchUsage':
        return [{ head: this.#usage() }]
      default:
        return [this.#blocks.answer(name, () => this.#addressed(head as Addressed), body)]
    }
  }

  #addressed<H extends Addressed>(head: H): H {
    this.#clock.observe(head.time)
    if (this.epoch === undefined) throw new TorcError('NO_LAYOUT', 'no layout')
    const { number } = decodeEpoch(this.epoch)
    if (head.epoch !== number) throw new TorcError('STALE_EPOCH', `layout ${number}, not ${head.epoch}`)
    this.#checkOwner(head)
    return head
  }

  /** As real agents: a key's requests go to its owners, to who stands in for some, or to who is asked for hints. */
  #checkOwner({ bucketId, key, hash, hashes, hintFor, asHolder }: Addressed): void {
    if (bucketId === undefined || key === undefined || hash !== undefined || hashes !== undefined) return
    if (asHolder === true || (hintFor ?? []).length > 0 || this.epoch === undefined) return
    const { table } = decodeEpoch(this.epoch)
    const partition = keyPartition(this.#environment.hasher, bucketId, key, table.partitions)
    if (table.rows[partition]?.includes(this.id) !== true)
      throw new TorcError('NOT_OWNER', `${this.id} does not own ${key}`)
  }

  /** As real agents: a write that was read under a lower collection number is refused. */
  #checkCollection(head: {
    readonly bucketId: Uint8Array
    readonly key: string
    readonly collection?: number
  }): void {
    if ((head.collection ?? 0) >= this.collection || this.epoch === undefined) return
    const { partitions } = decodeEpoch(this.epoch).table
    const partition = keyPartition(this.#environment.hasher, head.bucketId, head.key, partitions)
    throw new TorcError('STALE_COLLECTION', 'read before a collection', {
      details: { partition, collection: this.collection },
    })
  }

  #mint(head: RequestOf<'mint'>, body: Uint8Array | undefined): FakeReply<'mint'> {
    this.#checkCollection(head)
    const stored = this.#findOrMake(head.bucketId, head.key)
    const earlier = [...stored.state.versions.values()].find(v => Buffer.compare(v.opId, head.opId) === 0)
    if (earlier !== undefined)
      return this.#minted(stored, earlier, contextOfDot(earlier.dot, earlier.after), true)
    const id = versionIdOf(head.opId)
    if (stored.removed.some(([gone]) => gone === id)) throw new TorcError('SUPERSEDED', 'removed since')
    this.#checkFence(head.opId, head.attempt)
    if (head.blocks !== undefined && !this.intents.has(id))
      throw new TorcError('INTENT_EXPIRED', 'there is no intent')
    const summary = summaryOf(stored.state)
    const sizes = head.blockSizes ?? []
    const before = stored.state
    const input: MintInput = {
      ...retentionOf(head, before),
      actor: this.actor,
      counter: ++this.#counter,
      after: highestCounter(closedContext(stored.state), this.actor),
      opId: head.opId,
      kind: head.kind,
      cover: head.cover === undefined ? undefined : decodeContext(head.cover),
      exact: head.exact === true,
      createdAt: this.#clock.mintTime(
        Math.max(head.seenTime ?? 0, summary.newest, timeOfPolicy(before.attributes)),
      ),
      seenSeq: head.seenSeq ?? 0,
      size: head.size,
      sha256: head.sha256,
      etag: head.etag,
      contentType: head.contentType,
      tags: head.tags,
      isNull: head.isNull === true ? true : undefined,
      nulls: (head.nulls ?? []).map(([actor, counter]) => ({ actor: actorId(actor), counter })),
      metadata: head.metadata,
      blocks:
        head.blocks === undefined
          ? undefined
          : sizes.map((size, i) => ({ hash: hashAt(head.blocks, i), size })),
      partBlocks: head.partBlocks,
    }
    const noted = this.#hintFor(head.hintFor, nameOf(head.bucketId, head.key))
    const { version, delta, attributes } = planMint(summary, input, {
      has: dot => before.versions.has(dotText(dot)),
      all: () => before.versions.values(),
    })
    this.intents.delete(id)
    stored.state = mergeStates(before, makeState(delta, [version], attributes))
    for (const [dot, { id: gone }] of before.versions)
      if (!stored.state.versions.has(dot)) stored.removed.push([gone, 'pruned'])
    if (body !== undefined) stored.bodies.set(dotText(version.dot), body)
    const minted = this.#minted(stored, version, delta, false)
    if (attributes.size > 0) minted.head.attributes = encodeAttributes(attributes)
    return { ...minted, head: { ...minted.head, ...noted } }
  }

  #minted(
    stored: StoredKey,
    version: Version,
    delta: KeyState['context'],
    repeated: boolean,
  ): FakeReply<'mint'> {
    const siblings = headsOf(stored.state.versions.values())
      .map(head => head.id)
      .filter(id => id !== version.id)
    const head: ResponseOf<'mint'> = {
      time: this.#clock.now(),
      record: encodeVersion(version),
      delta: encodeContext(delta),
      context: encodeContext(closedContext(stored.state)),
      siblings,
    }
    if (repeated) head.repeated = true
    return { head }
  }

  #checkFence(opId: Uint8Array, attempt: Uint8Array | undefined): void {
    const fence = this.fences.get(versionIdOf(opId))
    if (fence !== undefined && Buffer.compare(fence, attempt ?? new Uint8Array()) !== 0)
      throw new TorcError('SUPERSEDED', 'a later attempt was announced')
  }

  #merge(head: RequestOf<'merge'>, body: Uint8Array | undefined): FakeReply<'merge'> {
    this.#checkCollection(head)
    if (head.record === undefined && head.opId !== undefined) this.#checkFence(head.opId, head.attempt)
    const stored = this.#findOrMake(head.bucketId, head.key)
    const { outcome, removed } = mergeInto(stored, head, body)
    const closed = encodeContext(closedContext(stored.state))
    const noted = outcome === 'seen' ? {} : this.#hintFor(head.hintFor, nameOf(head.bucketId, head.key))
    return { head: { time: this.#clock.now(), outcome, context: closed, removed, ...noted } }
  }

  #prepare({ bucketId, key, ballot, dot }: RequestOf<'prepare'>): FakeReply<'prepare'> {
    const fresh = dot === true ? { actor: this.actor, counter: ++this.#counter } : undefined
    return this.#register(bucketId, key).prepare(
      ballot,
      this.stateOf(bucketId, key),
      fresh,
      this.#clock.now(),
    )
  }

  #accept(
    { bucketId, key, ballot, proposal }: RequestOf<'accept'>,
    body: Uint8Array | undefined,
  ): FakeReply<'accept'> {
    const promised = this.#register(bucketId, key).accept(ballot, proposal, body)
    return { head: { time: this.#clock.now(), promised } }
  }

  #learn(head: RequestOf<'learn'>): FakeReply<'learn'> {
    const { bucketId, key, ballot } = head
    const learned = this.#register(bucketId, key).learn(ballot)
    const time = this.#clock.now()
    const closed = encodeContext(closedContext(this.stateOf(bucketId, key)))
    if (learned === undefined) return { head: { time, outcome: 'unknown', context: closed } }
    const { version } = decodeProposal(learned.proposal)
    if (version === undefined) return { head: { time, outcome: 'had', context: closed } }
    const { record, delta, attributes } = version
    const merge = { ...head, context: delta, record, ...(attributes === undefined ? {} : { attributes }) }
    const { outcome, context } = this.#merge(merge, learned.body).head
    return { head: { time, outcome, context } }
  }

  #register(bucketId: Uint8Array, key: string): FakeRegister {
    const name = nameOf(bucketId, key)
    const register = this.registers.get(name) ?? new FakeRegister()
    this.registers.set(name, register)
    return register
  }

  #fetchKey(head: RequestOf<'fetchKey'>): FakeReply<'fetchKey'>[] {
    const stored = this.#find(head.bucketId, head.key)
    const state = stored?.state ?? emptyState
    const time = this.#clock.now()
    if (head.opId !== undefined) this.#checkFence(head.opId, head.attempt)
    if (head.attempt !== undefined && head.versionId !== undefined) {
      const before = this.fences.get(head.versionId)
      if (before === undefined || Buffer.compare(before, head.attempt) < 0)
        this.fences.set(head.versionId, head.attempt)
    }
    const answers: FakeReply<'fetchKey'>[] =
      head.want === 'clock' ? [{ head: readClock(head, state, time) }] : readKey(head, state, stored, time)
    const newer = this.collection > (head.collection ?? 0) ? { collection: this.collection } : {}
    const collecting = head.want === 'state' && this.collecting.has(head.key) ? { collecting: true } : {}
    return answers.map(answer => ({ ...answer, head: { ...answer.head, ...newer, ...collecting } }))
  }

  #setAttributes(head: RequestOf<'setAttributes'>): FakeReply<'setAttributes'> {
    this.#checkCollection(head)
    const stored = this.#find(head.bucketId, head.key)
    if (stored === undefined || stored.state.versions.size === 0)
      throw new TorcError('KEY_NOT_FOUND', 'the key is not here')
    if (head.version !== undefined && !stored.state.versions.has(`${head.version[0]}:${head.version[1]}`))
      throw new TorcError('VERSION_NOT_FOUND', 'the version is not here')
    const own = Array.from(stored.state.attributes.values(), register => register.time)
    const time = this.#clock.mintTime(Math.max(0, head.seenTime ?? 0, ...own))
    const attributes = registersOf(head, time, { actor: this.actor, counter: ++this.#counter })
    stored.state = mergeStates(stored.state, makeState(emptyContext, [], attributes))
    return { head: { time, attributes: encodeAttributes(attributes) } }
  }

  #placeIntent(head: RequestOf<'placeIntent'>): FakeReply<'placeIntent'> {
    const id = versionIdOf(head.opId)
    const fresh = !this.intents.has(id)
    this.intents.add(id)
    return { head: { time: this.#clock.now(), fresh, expiresMs: 60_000 } }
  }

  #fetchBody(head: RequestOf<'fetchBody'>): FakeReply<'fetchBody'> {
    const body = this.#find(head.bucketId, head.key)?.bodies.get(`${head.dot[0]}:${head.dot[1]}`)
    if (body === undefined) throw new TorcError('VERSION_NOT_FOUND', 'this version is not here')
    return { head: { time: this.#clock.now() }, body }
  }

  #fetchRange(head: RequestOf<'fetchRange'>): FakeReply<'fetchRange'>[] {
    return readRange([...this.keys.values()], head, this.hints, this.#clock.now())
  }

  #putEpoch({ epoch }: RequestOf<'putEpoch'>): FakeReply<'putEpoch'> {
    const { hasher } = this.#environment
    const same = (record: Uint8Array) => Buffer.from(epochHash(hasher, decodeEpoch(record))).toString('hex')
    if (this.epoch !== undefined && same(this.epoch) !== same(epoch))
      throw new TorcError('CONFLICT', 'another layout')
    this.epoch = epoch
    return { head: { epoch } }
  }

  #usage(): ResponseOf<'fetchUsage'> {
    let versions = 0
    for (const { state } of this.keys.values()) versions += state.versions.size
    return {
      usedBytes: 1000,
      freeBytes: 1_000_000,
      keys: this.keys.size,
      versions,
      blocks: this.blocks.size,
      actors: [this.actor],
    }
  }

  /** Keeps a hint for each of these owners. */
  #hintFor(owners: readonly string[] | undefined, name: string): { hints?: number } {
    if (owners === undefined || owners.length === 0) return {}
    const kept = this.hints.get(name) ?? new Set()
    for (const owner of owners) kept.add(owner)
    this.hints.set(name, kept)
    return { hints: ++this.revision }
  }

  #find(bucketId: Uint8Array, key: string): StoredKey | undefined {
    return this.keys.get(nameOf(bucketId, key))
  }

  #findOrMake(bucketId: Uint8Array, key: string): StoredKey {
    const bucket = Buffer.from(bucketId).toString('hex')
    const name = `${bucket}/${key}`
    let stored = this.keys.get(name)
    if (stored === undefined) {
      stored = { bucketId: bucket, key, state: emptyState, bodies: new Map(), removed: [] }
      this.keys.set(name, stored)
    }
    return stored
  }
}

function nameOf(bucketId: Uint8Array, key: string): string {
  return `${Buffer.from(bucketId).toString('hex')}/${key}`
}
