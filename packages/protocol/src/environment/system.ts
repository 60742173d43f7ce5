import { createHash, hash, randomBytes } from 'node:crypto'
import type { Clock } from './clock.js'
import type { Hasher } from './hasher.js'
import type { Random } from './random.js'
import type { Safeguard } from './safeguards.js'

/** The machine's own clock. An adapter: only here and in other adapters may time be read. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
  soon: callback => void setImmediate(callback),
}

export const systemRandom: Random = {
  bytes: count => randomBytes(count),
  fraction: () => Math.random(),
}

export const systemHasher: Hasher = {
  sha256(...pieces) {
    const [only] = pieces
    if (only !== undefined && pieces.length === 1) return hash('sha256', only, 'buffer')
    const digest = createHash('sha256')
    for (const piece of pieces) digest.update(piece)
    return digest.digest()
  },
  stream() {
    const digest = createHash('sha256')
    return { update: piece => void digest.update(piece), digest: () => digest.digest() }
  },
}

/** What production code needs from the outside world, bundled for constructors. */
export interface Environment {
  readonly clock: Clock
  readonly random: Random
  readonly hasher: Hasher
  /** A rule that a test has taken away; all are in force when absent. */
  readonly without?: Safeguard | undefined
}

export const systemEnvironment: Environment = Object.freeze({
  clock: systemClock,
  random: systemRandom,
  hasher: systemHasher,
})
