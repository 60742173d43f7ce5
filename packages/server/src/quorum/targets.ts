import { PlaceTally } from './place-tally.js'
import type { WriteQuorum, WriteTarget } from './write-quorum.js'

/** Owners of a key, as far as they can be reached. Pure: liveness is handed in. */
export interface Owners {
  /** In preference order: what answers name as the preference list. */
  readonly owners: readonly string[]
  /** Those that are believed to be reachable, in preference order. */
  readonly live: readonly string[]
  readonly down: readonly string[]
}

const none: readonly string[] = []

/** Splits the owners by liveness. */
export function splitOwners(owners: readonly string[], isAlive: (agent: string) => boolean): Owners {
  let down: string[] | undefined
  for (const owner of owners) {
    if (isAlive(owner)) continue
    down ??= []
    down.push(owner)
  }
  if (down === undefined) return { owners, live: owners, down: none }
  const absent = down
  return { owners, live: owners.filter(owner => !absent.includes(owner)), down }
}

/**
 * Where a write goes (DESIGN §7, Dynamo §4.6): the live owners, and for each owner that is down, or fails while the
 * write is under way, the next live fallback of the ring. A fallback stands for several owners where there are too few.
 * While a layout changes, the owners are those of the old one and of the new one, each with a quorum of its own. Pure.
 */
export class WritePlan implements Owners {
  readonly quorums: readonly WriteQuorum[]
  readonly owners: readonly string[]
  readonly live: readonly string[]
  /** Owners first, in preference order; grows as owners fail. */
  readonly targets: WriteTarget[]
  /** Owners that are stood for, and by whom. */
  readonly #standIns = new Map<string, string>()
  readonly #down: string[]
  readonly #fallbacks: () => readonly string[]
  readonly #isAlive: (agent: string) => boolean
  #unused: string[] | undefined

  /** `fallbacks`: agents that may stand in, in ring order; none where only owners count. */
  constructor(
    quorums: readonly WriteQuorum[],
    isAlive: (agent: string) => boolean,
    fallbacks: () => readonly string[],
  ) {
    const [first] = quorums
    const owners =
      first !== undefined && quorums.length === 1
        ? first.owners
        : [...new Set(quorums.flatMap(quorum => quorum.owners))]
    this.quorums = quorums
    const { live, down } = splitOwners(owners, isAlive)
    this.owners = owners
    this.live = live
    this.#down = [...down]
    this.#fallbacks = fallbacks
    this.#isAlive = isAlive
    this.targets = live.map(agent => ({ agent, standsFor: none }))
    if (down.length > 0) this.#coverAll(down)
  }

  /** Counts towards the quorums; `filled` have it already. */
  tally(filled: readonly WriteTarget[] = []): PlaceTally {
    return new PlaceTally(this.quorums, filled)
  }

  /** Whether the quorums are reached when all targets have it. */
  get suffices(): boolean {
    return this.tally(this.targets).verdict === 'reached'
  }

  /** Whether anybody may stand in at all. */
  get hasFallbacks(): boolean {
    return this.#fallbacks().length > 0
  }

  /** Owners that are down, or failed this write. */
  get down(): readonly string[] {
    return this.#down
  }

  /**
   * `failed` will not take the write: the next fallback stands for it, or for those that it stood for. Undefined where
   * none is left, or somebody stands for them already.
   */
  replace(failed: WriteTarget): WriteTarget | undefined {
    const owners = failed.standsFor.length === 0 ? [failed.agent] : failed.standsFor
    const open = owners.filter(owner => (this.#standIns.get(owner) ?? failed.agent) === failed.agent)
    for (const owner of open) if (!this.#down.includes(owner)) this.#down.push(owner)
    const agent = open.length === 0 ? undefined : this.#nextSpare()
    if (agent === undefined) return undefined
    for (const owner of open) this.#standIns.set(owner, agent)
    const target = { agent, standsFor: open }
    this.targets.push(target)
    return target
  }

  #coverAll(down: readonly string[]): void {
    const standIns: { agent: string; standsFor: string[] }[] = []
    for (const [i, owner] of down.entries()) {
      const agent = this.#nextSpare()
      if (agent !== undefined) standIns.push({ agent, standsFor: [owner] })
      else if (standIns.length > 0) standIns[i % standIns.length]?.standsFor.push(owner)
    }
    for (const { agent, standsFor } of standIns)
      for (const owner of standsFor) this.#standIns.set(owner, agent)
    this.targets.push(...standIns)
  }

  #nextSpare(): string | undefined {
    this.#unused ??= this.#fallbacks().filter(agent => !this.owners.includes(agent) && this.#isAlive(agent))
    return this.#unused.shift()
  }
}
