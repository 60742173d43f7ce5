import {
  contextOfDot,
  decodeContext,
  encodeContext,
  highestCounter,
} from '@torc/cluster/clocks/causal-context'
import { type ActorId, actorId, dotText } from '@torc/cluster/clocks/dot'
import { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import { decodeEpoch, epochHash } from '@torc/cluster/ring/epoch'
import {
  closedContext,
  emptyState,
  headsOf,
  type KeyState,
  makeState,
  mergeStates,
  stateDigest,
} from '@torc/cluster/state/key-state'
import { headsCoverAll, planMint, summaryOf } from '@torc/cluster/state/key-summary'
import type { Version } from '@torc/cluster/state/version'
import { decodeVersion, encodeVersion } from '@torc/cluster/state/version-codec'
import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { MessageName, RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import { compareKeys } from '../../src/list/key-order.js'

interface StoredKey {
  readonly bucketId: string
  readonly key: string
  state: KeyState
  readonly bodies: Map<string, Uint8Array>
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
  readonly blocks = new Map<string, Uint8Array>()
  readonly #environment: Environment
  readonly #clock: HybridClock
  #counter = 0
  epoch: Uint8Array | undefined

  constructor(id: string, number: number, environment: Environment) {
    this.id = id
    this.actor = actorId(number.toString(16).padStart(16, '0'))
    this.#environment = environment
    this.#clock = new HybridClock(environment.clock)
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
      case 'fetchKey':
        return this.#fetchKey(this.#addressed(head as RequestOf<'fetchKey'>))
      case 'fetchBody':
        return [this.#fetchBody(this.#addressed(head as RequestOf<'fetchBody'>))]
      case 'putBlock':
        return [this.#putBlock(this.#addressed(head as RequestOf<'putBlock'>), body)]
      case 'fetchBlock':
        return [this.#fetchBlock(this.#addressed(head as RequestOf<'fetchBlock'>))]
      case 'fetchRange':
        return this.#fetchRange(this.#addressed(head as RequestOf<'fetchRange'>))
      case 'fetchEpoch':
        return [{ head: this.epoch === undefined ? {} : { epoch: this.epoch } }]
      case 'putEpoch':
        return [this.#putEpoch(head as RequestOf<'putEpoch'>)]
      case 'fetchUsage':
        return [{ head: this.#usage() }]
      default:
        throw new TorcError('UNSUPPORTED', `${name} is no message to an agent`)
    }
  }

  #addressed<H extends { epoch: number; time: number }>(head: H): H {
    this.#clock.observe(head.time)
    if (this.epoch === undefined) throw new TorcError('NO_LAYOUT', 'no layout')
    const { number } = decodeEpoch(this.epoch)
    if (head.epoch !== number) throw new TorcError('STALE_EPOCH', `layout ${number}, not ${head.epoch}`)
    return head
  }

  #mint(head: RequestOf<'mint'>, body: Uint8Array | undefined): FakeReply<'mint'> {
    const stored = this.#findOrMake(head.bucketId, head.key)
    const earlier = [...stored.state.versions.values()].find(v => Buffer.compare(v.opId, head.opId) === 0)
    if (earlier !== undefined)
      return this.#minted(stored, earlier, contextOfDot(earlier.dot, earlier.after), true)
    const summary = summaryOf(stored.state)
    const sizes = head.blockSizes ?? []
    const { version, delta } = planMint(summary, {
      actor: this.actor,
      counter: ++this.#counter,
      after: highestCounter(closedContext(stored.state), this.actor),
      opId: head.opId,
      kind: head.kind,
      cover: head.cover === undefined ? undefined : decodeContext(head.cover),
      exact: head.exact === true,
      createdAt: this.#clock.mintTime(Math.max(head.seenTime ?? 0, summary.newest)),
      seenSeq: head.seenSeq ?? 0,
      size: head.size,
      sha256: head.sha256,
      etag: head.etag,
      contentType: head.contentType,
      metadata: head.metadata,
      blocks:
        head.blocks === undefined
          ? undefined
          : sizes.map((size, i) => ({ hash: hashAt(head.blocks, i), size })),
    })
    stored.state = mergeStates(stored.state, makeState(delta, [version]))
    if (body !== undefined) stored.bodies.set(dotText(version.dot), body)
    return this.#minted(stored, version, delta, false)
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

  #merge(head: RequestOf<'merge'>, body: Uint8Array | undefined): FakeReply<'merge'> {
    const stored = this.#findOrMake(head.bucketId, head.key)
    const before = stored.state
    const kept = (head.keep ?? []).map(([actor, counter]) => before.versions.get(`${actor}:${counter}`))
    const versions = kept.filter(version => version !== undefined)
    const arriving = head.record === undefined ? undefined : decodeVersion(head.record)
    if (arriving !== undefined) versions.push(arriving)
    stored.state = mergeStates(before, makeState(decodeContext(head.context), versions))
    const dot = arriving === undefined ? '' : dotText(arriving.dot)
    const held = stored.state.versions.has(dot)
    const outcome = before.versions.has(dot) ? 'had' : held || arriving === undefined ? 'stored' : 'seen'
    if (outcome === 'stored' && arriving !== undefined && body !== undefined) stored.bodies.set(dot, body)
    const removed = [...before.versions]
      .filter(([gone]) => !stored.state.versions.has(gone))
      .map(([, v]) => v.id)
    const context = encodeContext(closedContext(stored.state))
    return { head: { time: this.#clock.now(), outcome, context, removed } }
  }

  #fetchKey(head: RequestOf<'fetchKey'>): FakeReply<'fetchKey'>[] {
    const stored = this.#find(head.bucketId, head.key)
    const state = stored?.state ?? emptyState
    const time = this.#clock.now()
    const digest = stateDigest(state)
    if (head.want === 'digest') return [{ head: { time, digest } }]
    const { newest, maxSeq } = summaryOf(state)
    const closed = encodeContext(closedContext(state))
    if (head.want === 'clock') return [{ head: { time, digest, context: closed, newest, seq: maxSeq } }]
    const heads = headsOf(state.versions.values())
    const records = heads.map(encodeVersion)
    if (head.want === 'heads') {
      const [latest] = heads
      const body = latest === undefined ? undefined : stored?.bodies.get(dotText(latest.dot))
      return [{ head: { time, digest, context: closed, newest, seq: maxSeq, heads: records }, body }]
    }
    const first = {
      head: { time, digest, context: encodeContext(state.context), newest, seq: maxSeq, heads: records },
    }
    const others = [...state.versions.values()].filter(v => !heads.includes(v)).map(encodeVersion)
    // One version a frame: whoever reads must put the frames together.
    return [first, ...others.map(record => ({ head: { time, digest, versions: [record] } }))]
  }

  #fetchBody(head: RequestOf<'fetchBody'>): FakeReply<'fetchBody'> {
    const body = this.#find(head.bucketId, head.key)?.bodies.get(`${head.dot[0]}:${head.dot[1]}`)
    if (body === undefined) throw new TorcError('VERSION_NOT_FOUND', 'this version is not here')
    return { head: { time: this.#clock.now() }, body }
  }

  #putBlock(head: RequestOf<'putBlock'>, body: Uint8Array | undefined): FakeReply<'putBlock'> {
    const hash = Buffer.from(head.hash).toString('hex')
    if (body === undefined || Buffer.from(this.#environment.hasher.sha256(body)).toString('hex') !== hash) {
      throw new TorcError('CHECKSUM', 'a block with another hash')
    }
    const had = this.blocks.has(hash)
    this.blocks.set(hash, Buffer.from(body))
    return { head: { time: this.#clock.now(), had } }
  }

  #fetchBlock(head: RequestOf<'fetchBlock'>): FakeReply<'fetchBlock'> {
    const body = this.blocks.get(Buffer.from(head.hash).toString('hex'))
    if (body === undefined) throw new TorcError('UNAVAILABLE', 'this block is not here')
    return { head: { time: this.#clock.now(), size: body.length }, body }
  }

  #fetchRange(head: RequestOf<'fetchRange'>): FakeReply<'fetchRange'>[] {
    const bucketId = Buffer.from(head.bucketId).toString('hex')
    const { after = '', prefix = '', limit, versions = false } = head
    const found = [...this.keys.values()]
      .filter(stored => stored.bucketId === bucketId && stored.key.startsWith(prefix))
      .filter(stored => compareKeys(stored.key, after) > 0)
      .sort((a, b) => compareKeys(a.key, b.key))
    const keys = found.slice(0, limit).flatMap(({ key, state }) => rangeItems(key, state, versions))
    const time = this.#clock.now()
    const half = Math.ceil(keys.length / 2)
    const last: ResponseOf<'fetchRange'> = { time, keys: keys.slice(half) }
    if (found.length <= limit) last.exhausted = true
    return [{ head: { time, keys: keys.slice(0, half) } }, { head: last }]
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
    return { usedBytes: 1000, freeBytes: 1_000_000, keys: this.keys.size, versions, blocks: this.blocks.size }
  }

  #find(bucketId: Uint8Array, key: string): StoredKey | undefined {
    return this.keys.get(`${Buffer.from(bucketId).toString('hex')}/${key}`)
  }

  #findOrMake(bucketId: Uint8Array, key: string): StoredKey {
    const bucket = Buffer.from(bucketId).toString('hex')
    const name = `${bucket}/${key}`
    let stored = this.keys.get(name)
    if (stored === undefined) {
      stored = { bucketId: bucket, key, state: emptyState, bodies: new Map() }
      this.keys.set(name, stored)
    }
    return stored
  }
}

function hashAt(blocks: Uint8Array | undefined, index: number): Uint8Array {
  return (blocks ?? new Uint8Array()).slice(index * 32, index * 32 + 32)
}

/** A key in a range: with versions, a long history comes in parts, as real agents send it. */
function rangeItems(key: string, state: KeyState, versions: boolean): ResponseOf<'fetchRange'>['keys'] {
  const heads = headsOf(state.versions.values())
  const context = encodeContext(state.context)
  const coverAll = headsCoverAll(summaryOf(state))
  const first = { key, context, headsCoverAll: coverAll, heads: heads.map(encodeVersion) }
  if (!versions) return [first]
  const others = [...state.versions.values()].filter(version => !heads.includes(version)).map(encodeVersion)
  const [one, ...more] = others
  if (one === undefined) return [first]
  return [
    { ...first, versions: [one] },
    ...more.map(record => ({ key, context, headsCoverAll: coverAll, heads: [], versions: [record] })),
  ]
}
