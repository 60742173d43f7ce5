import { type Dot, dotText } from '../../src/clocks/dot.js'
import { compareAge, type LiveReport } from '../../src/retention/live-report.js'
import {
  emptySummary,
  type KeySummary,
  type LocalVersions,
  type MergePlan,
  type MintInput,
  planMint,
} from '../../src/state/key-summary.js'
import type { Version } from '../../src/state/version.js'
import { actor, opIdOf } from './samples.js'

/** An agent's copy of a key as only the planners see it, and what they look up. */
export class PlannedKey {
  summary: KeySummary = emptySummary
  readonly versions = new Map<string, Version>()
  reads = { has: 0, get: 0, all: 0 }

  readonly local: LocalVersions = {
    has: dot => {
      this.reads.has++
      return this.versions.has(dotText(dot))
    },
    get: dot => {
      this.reads.get++
      return this.versions.get(dotText(dot))
    },
    all: () => {
      this.reads.all++
      return this.versions.values()
    },
  }

  apply(plan: MergePlan): void {
    for (const version of plan.inserted) this.versions.set(dotText(version.dot), version)
    for (const version of plan.removed) this.versions.delete(dotText(version.dot))
    this.summary = plan.summary
  }

  /** Begins to count look-ups anew. */
  forgetReads(): void {
    this.reads = { has: 0, get: 0, all: 0 }
  }

  /** Its `wanted` oldest versions, as an agent reads them from its index. */
  report(wanted = Number.POSITIVE_INFINITY): LiveReport {
    const { context, digest, versionCount } = this.summary
    const heads = new Set(this.summary.heads.map(head => dotText(head.dot)))
    const oldest = [...this.versions.values()]
      .map(({ dot, createdAt }) => ({ dot, createdAt, head: heads.has(dotText(dot)) }))
      .sort(compareAge)
      .slice(0, wanted)
    return { context, digest, versionCount, oldest }
  }
}

export function mintInput(overrides: Partial<MintInput> = {}): MintInput {
  return {
    actor: actor(1),
    counter: 1,
    after: 0,
    opId: opIdOf(1),
    kind: 'object',
    cover: undefined,
    exact: false,
    createdAt: 1_000,
    seenSeq: 0,
    size: 0,
    sha256: new Uint8Array(32),
    etag: 'e',
    contentType: '',
    metadata: [],
    blocks: undefined,
    ...overrides,
  }
}

/** The input of the n-th mint of a row: event `2 n` of its actor, at time `1000 n`. */
export function nthInput(n: number, overrides: Partial<MintInput> = {}): MintInput {
  return mintInput({ counter: 2 * n, createdAt: 1_000 * n, opId: opIdOf(n), ...overrides })
}

/** Replicas that hold the same `count` versions, each over the one before. */
export function longHistories(count: number, replicas: number): PlannedKey[] {
  const keys = Array.from({ length: replicas }, () => new PlannedKey())
  const [first] = keys
  if (first === undefined) throw new Error('no replicas')
  for (let n = 1; n <= count; n++) first.apply(planMint(first.summary, nthInput(n)).plan)
  for (const key of keys) {
    key.summary = first.summary
    for (const [name, version] of first.versions) key.versions.set(name, version)
  }
  return keys
}

export function dotsOf(versions: Iterable<{ readonly dot: Dot }>): string[] {
  return [...versions].map(({ dot }) => dotText(dot))
}
