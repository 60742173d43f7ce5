import { digestsEqual, type KeyState } from '@torc/cluster/state/key-state'
import { limits } from '@torc/protocol/limits'
import type { Coordination } from '../core/coordination.js'
import type { Deadline } from '../core/deadline.js'
import { holdersOf, ownersOf, type Placement } from '../core/placement.js'
import { askDigest } from '../flows/heads-read.js'
import { readMerged } from '../flows/reconcile.js'
import { gather } from '../quorum/gather.js'

/** A key with fewer versions is read again: a page or two shows it. */
const versionsMin = limits.listLimitMax
/** Versions of all keys that are kept, about 1 KiB each. */
const versionsMax = 32_768

interface Kept {
  readonly digest: Uint8Array
  readonly state: KeyState
}

/**
 * States of keys whose long histories are being listed page by page, so that the pages of one key do not read all of
 * it each. A state is used only while R owners answer its digest: it is what they hold, not what they held.
 */
export class KeyCache {
  /** The one that was used last is the last. */
  readonly #kept = new Map<string, Kept>()
  #versions = 0

  /** The state of a key, joined over R owners. */
  async read(c: Coordination, p: Placement, deadline: Deadline): Promise<KeyState> {
    const name = `${Buffer.from(p.bucket.id).toString('hex')}/${p.key}`
    const kept = this.#kept.get(name)
    this.#drop(name)
    if (kept !== undefined && (await isCurrent(c, p, kept.digest, deadline))) {
      this.#keep(name, kept)
      return kept.state
    }
    const { state, states } = await readMerged(c, p, p.readQuorum, deadline)
    const [first, ...others] = states.map(([, { digest }]) => digest)
    if (first !== undefined && others.every(digest => digestsEqual(digest, first)))
      this.#keep(name, { digest: first, state })
    return state
  }

  #keep(name: string, kept: Kept): void {
    const { size } = kept.state.versions
    if (size < versionsMin || size > versionsMax) return
    this.#drop(name)
    this.#kept.set(name, kept)
    this.#versions += size
    for (const oldest of this.#kept.keys()) {
      if (this.#versions <= versionsMax) return
      this.#drop(oldest)
    }
  }

  #drop(name: string): void {
    this.#versions -= this.#kept.get(name)?.state.versions.size ?? 0
    this.#kept.delete(name)
  }
}

async function isCurrent(
  c: Coordination,
  p: Placement,
  digest: Uint8Array,
  deadline: Deadline,
): Promise<boolean> {
  // What is held as hints is not in the owners' digests.
  if (holdersOf(c, p).length > 0) return false
  const { live } = ownersOf(c, p)
  const { answers } = await gather(live, p.readQuorum, agent => askDigest(c, p, agent, deadline))
  return answers.length >= p.readQuorum && answers.every(([, answer]) => digestsEqual(answer.digest, digest))
}
