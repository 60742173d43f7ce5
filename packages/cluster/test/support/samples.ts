import type { Clock } from '@torc/protocol/environment/clock'
import fc from 'fast-check'
import { type CausalContext, contextOfIntervals, emptyContext } from '../../src/clocks/causal-context.js'
import type { ActorId } from '../../src/clocks/dot.js'
import { type Interval, joinIntervals } from '../../src/clocks/intervals.js'
import { type Version, versionIdOf } from '../../src/state/version.js'

/** The n-th of some distinct actors; their order is not that of `n`. */
export function actor(n: number): ActorId {
  return (((n * 7 + 3) % 16).toString(16) + n.toString(16).padStart(15, '0')) as ActorId
}

export function opIdOf(n: number): Uint8Array {
  const opId = new Uint8Array(16)
  new DataView(opId.buffer).setUint32(12, n)
  return opId
}

export function version(overrides: Partial<Version> = {}): Version {
  const opId = overrides.opId ?? opIdOf(1)
  return {
    dot: { actor: actor(1), counter: 1 },
    after: 0,
    id: versionIdOf(opId),
    context: emptyContext,
    kind: 'object',
    size: 5,
    etag: '2cf24dba5fb0a30e26e83b2ac5b9e29e-t',
    sha256: new Uint8Array(32).fill(7),
    contentType: 'text/plain',
    metadata: [],
    createdAt: 1_700_000_000_000_000,
    seq: 1,
    opId,
    blocks: undefined,
    ...overrides,
  }
}

/** A counter of any size that a context may hold. */
export const counters = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 12 }) },
  fc.constantFrom(127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 2),
)

const intervalLists = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 4 })), { maxLength: 4 })
  .map(pairs =>
    pairs
      .map(([after, length]): Interval => [after, after + length])
      .reduce<readonly Interval[]>((all, one) => joinIntervals(all, [one]), []),
  )

/** Contexts of a few actors with small counters, so that they meet and overlap often. */
export const contexts: fc.Arbitrary<CausalContext> = fc
  .array(intervalLists, { maxLength: 4 })
  .map(lists => contextOfIntervals(lists.map((intervals, n) => [actor(n), intervals] as const)))

/** A clock that stands still until it is set. */
export class SetClock implements Clock {
  timeMs = 1_700_000_000_000
  readonly #waiting: { atMs: number; callback: () => void }[] = []
  readonly #soon: (() => void)[] = []

  nowMs(): number {
    return this.timeMs
  }

  monotonicMs(): number {
    return this.timeMs
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.timeMs + ms, callback }
    this.#waiting.push(timer)
    return () => {
      const at = this.#waiting.indexOf(timer)
      if (at >= 0) this.#waiting.splice(at, 1)
    }
  }

  soon(callback: () => void): void {
    this.#soon.push(callback)
  }

  get timers(): number {
    return this.#waiting.length
  }

  /** Runs what was asked for `soon`, and lets promises settle. */
  async turn(): Promise<void> {
    for (const callback of this.#soon.splice(0)) callback()
    for (let i = 0; i < 10; i++) await Promise.resolve()
  }

  async advance(ms: number): Promise<void> {
    this.timeMs += ms
    const due = this.#waiting.filter(timer => timer.atMs <= this.timeMs)
    for (const timer of due) {
      this.#waiting.splice(this.#waiting.indexOf(timer), 1)
      timer.callback()
    }
    await this.turn()
  }
}
