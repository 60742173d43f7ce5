import type { Member } from '@torc/cluster/membership/member'
import { hasPartition } from '@torc/cluster/ring/partition-bits'

/** What an agent says of itself in gossip. */
interface Told {
  readonly incarnation: number
  readonly revision: number
  /** A bit for each partition. */
  readonly partitions: Uint8Array
}

/** A hint that this server saw being made. */
interface Note {
  readonly incarnation: number
  readonly revision: number
}

/**
 * Which agents hold hints of a partition: reads ask them beside the owners, as an acknowledged write may be nowhere
 * else (DESIGN §7). Agents say it in gossip; what this server made them keep it knows before gossip comes round. An
 * agent that is gone still holds what it held.
 */
export class HintHolders {
  readonly #told = new Map<string, Told>()
  /** By agent and partition. */
  readonly #notes = new Map<string, Map<number, Note>>()

  /** What gossip says of an agent. */
  heard({ id, role, incarnation, revision = 0, hints = nothing }: Member): void {
    if (role !== 'agent') return
    const known = this.#told.get(id)
    const older =
      known !== undefined &&
      (incarnation < known.incarnation || (incarnation === known.incarnation && revision < known.revision))
    if (older) return
    if (known === undefined && hints.length === 0 && !this.#notes.has(id)) return
    this.#told.set(id, { incarnation, revision, partitions: hints })
    const notes = this.#notes.get(id)
    if (notes === undefined) return
    for (const [partition, note] of notes) {
      // From the noted revision on gossip names the partition for as long as there is a hint.
      const superseded =
        incarnation > note.incarnation || (incarnation === note.incarnation && revision >= note.revision)
      if (superseded) notes.delete(partition)
    }
    if (notes.size === 0) this.#notes.delete(id)
  }

  /** An agent of this incarnation keeps a hint since `revision` of what it says of itself. */
  note(agent: string, incarnation: number, partition: number, revision: number): void {
    const told = this.#told.get(agent)
    if (told !== undefined && told.incarnation === incarnation && told.revision >= revision) return
    let notes = this.#notes.get(agent)
    if (notes === undefined) {
      notes = new Map()
      this.#notes.set(agent, notes)
    }
    notes.set(partition, { incarnation, revision })
  }

  /** Agents that may hold hints of a partition, reachable or not. */
  of(partition: number): readonly string[] {
    if (this.#told.size === 0 && this.#notes.size === 0) return nobody
    const holders = new Set<string>()
    for (const [agent, { partitions }] of this.#told)
      if (hasPartition(partitions, partition)) holders.add(agent)
    for (const [agent, notes] of this.#notes) if (notes.has(partition)) holders.add(agent)
    return holders.size === 0 ? nobody : [...holders].sort()
  }

  /** Agents that may hold any hints. */
  all(): readonly string[] {
    const holders = new Set(this.#notes.keys())
    for (const [agent, { partitions }] of this.#told)
      if (partitions.some(byte => byte !== 0)) holders.add(agent)
    return [...holders].sort()
  }
}

const nobody: readonly string[] = []
const nothing = new Uint8Array(0)
