import {
  type CausalContext,
  contextOfDot,
  contextOfDots,
  covers,
  decodeContext,
} from '@torc/cluster/clocks/causal-context'
import { type Dot, dotText } from '@torc/cluster/clocks/dot'
import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import { keyPartition } from '@torc/cluster/ring/partition'
import { type AttributeRegister, attributesOf } from '@torc/cluster/state/attributes'
import { decodeAttributes } from '@torc/cluster/state/attributes-codec'
import { digestsEqual, emptyDigest } from '@torc/cluster/state/digest'
import type { Version } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { inForce, type Rules } from '@torc/protocol/environment/safeguards'
import { TorcError } from '@torc/protocol/errors'
import type { ResponseOf } from '@torc/protocol/messages/table'
import { checkInlineBody } from '../handlers/inline-body.js'
import type { GroupCommit } from '../index/group-commit.js'
import type { KeyIndex, MergeRequest } from '../index/key-index.js'
import type { KeyName } from '../index/key-writer.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { CollectionNumbers } from '../remainders/collection-numbers.js'
import { inParallel } from './in-parallel.js'
import { ownWrite } from './own-failure.js'
import type { LeafKey, PeerReplicas } from './peer-replicas.js'

export interface KeyRepairParts {
  readonly index: KeyIndex
  readonly commit: GroupCommit
  readonly layout: AgentLayout
  readonly hasher: Hasher
  readonly hybridClock: HybridClock
  readonly replicas: PeerReplicas
  readonly collections: CollectionNumbers
  readonly environment?: Rules | undefined
}

/** What repairing one thing came to. */
export interface Repaired {
  readonly changed: boolean
  /** Bytes that came for it. */
  readonly bytes: number
}

/** A key, and the own collection number of its partition when it began to be read. */
type PulledKey = KeyName & { readonly readUnder: number }

/** Bytes of records and registers of one key: of more, the peer is not believed. Half a million versions or so. */
const stateBytesMax = 128 * 1024 * 1024
/** Bodies under way at once. */
const bodiesAtOnce = 8
/** Versions that go in one transaction. */
const removedAtOnce = 4096

/** Takes over into the own state of a key what another owner's state has beyond it. */
export class KeyRepair {
  readonly #parts: KeyRepairParts

  constructor(parts: KeyRepairParts) {
    this.#parts = parts
  }

  /** Digest of the own state. */
  digestOf({ bucketId, key }: LeafKey): Uint8Array {
    return this.#parts.index.find(bucketId, Buffer.from(key))?.summary.digest ?? emptyDigest
  }

  /**
   * Joins the peer's state into the own one: each version that is missing alone, as the delta that it is and with its
   * body, as the pages come; then what was removed, and then the whole context with the registers. Every step is a join,
   * so that whatever is written meanwhile stays, and an interruption at any point leaves a state that is only older.
   * STALE_COLLECTION where the partition is raised meanwhile.
   */
  async pull(agent: string, leafKey: LeafKey, signal: AbortSignal): Promise<Repaired> {
    const { layout, hasher, replicas, collections } = this.#parts
    const { bucketId } = leafKey
    const partition = keyPartition(hasher, bucketId, leafKey.key, layout.partitions)
    const key = { bucketId, key: Buffer.from(leafKey.key), partition, replicas: leafKey.replicas }
    // Known before anything is read.
    const name = { ...key, readUnder: collections.of(partition) }
    const before = this.digestOf(leafKey)
    let context: CausalContext | undefined
    const held: Dot[] = []
    const registers: AttributeRegister[] = []
    let bytes = 0
    for await (const page of replicas.state(agent, leafKey, signal)) {
      if (page.context !== undefined) context = decodeContext(page.context)
      bytes += sizeOf(page)
      if (bytes > stateBytesMax) throw new TorcError('PROTOCOL', `${agent} does not end the state of a key`)
      const versions = [...(page.heads ?? []), ...(page.versions ?? [])].map(record => ({
        record,
        version: decodeVersion(record, 'PROTOCOL'),
      }))
      for (const { version } of versions) held.push(version.dot)
      const missing = versions.filter(({ version }) => this.#lacks(name, version.dot))
      bytes += await this.#take(agent, leafKey, name, missing, signal)
      if (page.attributes !== undefined)
        registers.push(...decodeAttributes(page.attributes, 'PROTOCOL').values())
    }
    if (context === undefined) throw new TorcError('PROTOCOL', `${agent} gave a state without a context`)
    for (const { time } of registers) this.#parts.hybridClock.observe(time)
    await this.#remove(name, context, held)
    const attributes = registers.length === 0 ? undefined : attributesOf(registers)
    await this.#merge(name, { context, arriving: undefined, keep: held, attributes })
    return { changed: !digestsEqual(before, this.digestOf(leafKey)), bytes }
  }

  /** Whether a version was never here; one that was and is no more was removed for good. */
  #lacks({ bucketId, key }: PulledKey, dot: Dot): boolean {
    const { index, environment = {} } = this.#parts
    const known = index.find(bucketId, key)
    if (known === undefined || !covers(known.summary.context, dot)) return true
    return !inForce(environment, 'removed for good') && index.versionAt(known, dot) === undefined
  }

  /** Returns how many bytes of bodies came. */
  async #take(
    agent: string,
    leafKey: LeafKey,
    name: PulledKey,
    missing: readonly { readonly version: Version; readonly record: Uint8Array }[],
    signal: AbortSignal,
  ): Promise<number> {
    let bytes = 0
    await inParallel(missing, bodiesAtOnce, async ({ version, record }) => {
      const inline = version.kind === 'object' && version.blocks === undefined
      let body: Uint8Array | null | undefined = inline ? new Uint8Array(0) : null
      if (inline && version.size > 0)
        body = await this.#parts.replicas.body(agent, leafKey, version.dot, signal)
      // Gone there meanwhile: it stays outside of the own context, and the next look finds what became of it.
      if (body === undefined) return
      if (body !== null) checkInlineBody(this.#parts.hasher, body, version.size, version.sha256)
      this.#parts.hybridClock.observe(version.createdAt)
      const context = contextOfDot(version.dot, version.after)
      const arriving = { version, record, body }
      await this.#merge(name, { context, arriving, keep: undefined, attributes: undefined })
      bytes += body?.length ?? 0
    })
    return bytes
  }

  /**
   * Of a long history that was cut short there, what is gone goes in several transactions, the oldest first, so that
   * nothing that an overwrite covered is current in between. A few go with the merge of the whole.
   */
  async #remove(name: PulledKey, context: CausalContext, held: readonly Dot[]): Promise<void> {
    const { index } = this.#parts
    const known = index.find(name.bucketId, name.key)
    if (known === undefined || known.summary.versionCount <= removedAtOnce) return
    const stay = new Set(held.map(dotText))
    const gone: Dot[] = []
    for (const [actor, counter] of index.rows.oldest(known.id, known.summary.versionCount)) {
      const dot = { actor, counter }
      if (covers(context, dot) && !stay.has(dotText(dot))) gone.push(dot)
    }
    for (let from = 0; from + removedAtOnce < gone.length; from += removedAtOnce) {
      const part = contextOfDots(gone.slice(from, from + removedAtOnce))
      await this.#merge(name, {
        context: part,
        arriving: undefined,
        keep: undefined,
        attributes: undefined,
      })
    }
  }

  async #merge(name: PulledKey, request: MergeRequest): Promise<void> {
    const { commit, index, collections, layout } = this.#parts
    const isCurrent = await ownWrite(() =>
      commit.submit(() => {
        if (collections.of(name.partition) > name.readUnder) return false
        // Relieved of the partition meanwhile, and it may have handed it over: nobody would drop this.
        const isHandedOver = layout.unsynced.has(name.partition)
        if (layout.owns(name.partition, name.replicas)) index.merge(name, { ...request, isHandedOver })
        return true
      }),
    )
    if (!isCurrent)
      throw new TorcError('STALE_COLLECTION', 'remainders were collected while the key was read')
  }
}

function sizeOf({ heads = [], versions = [], attributes }: ResponseOf<'fetchKey'>): number {
  let bytes = attributes?.length ?? 0
  for (const record of heads) bytes += record.length
  for (const record of versions) bytes += record.length
  return bytes
}
