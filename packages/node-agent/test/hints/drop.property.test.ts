import { covers } from '@torc/cluster/clocks/causal-context'
import { dotText } from '@torc/cluster/clocks/dot'
import type { Version } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { systemHasher } from '@torc/protocol/environment/system'
import fc from 'fast-check'
import t from 'tap'
import { KeyDelivery } from '../../src/hints/key-delivery.js'
import type { MintResult } from '../../src/index/key-index.js'
import { IndexFixture, keyName } from '../index/index-fixture.js'

/**
 * A fallback (0) mints keys of one partition, its deltas reach two owners (1, 2) or get lost, it delivers what it has to
 * one of them and forgets it, and mints again. Nothing is ever purged, so that an owner that covers a version must
 * have it: otherwise it would remove it everywhere.
 */
type Step =
  | { readonly do: 'mint'; readonly key: number; readonly blind: boolean }
  | { readonly do: 'deliver'; readonly to: number; readonly which: number }
  | { readonly do: 'hand over'; readonly to: number; readonly key: number }
  | { readonly do: 'drop'; readonly key: number }
  | { readonly do: 'restart'; readonly crash: boolean }

const key = fc.integer({ min: 0, max: 1 })
const owner = fc.integer({ min: 1, max: 2 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('mint' as const), key, blind: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('deliver' as const), to: owner, which: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('hand over' as const), to: owner, key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), crash: fc.boolean() }) },
)

/** Keys of the same partition: what is dropped of the one counts for the other. */
const nameOf = (key: number) => ({ ...keyName(key), partition: 3 })

class World {
  readonly agents = [new IndexFixture(1), new IndexFixture(2), new IndexFixture(3)] as const
  readonly minted: { readonly key: number; readonly result: MintResult }[] = []

  constructor(readonly isForgetful: boolean) {}

  run(step: Step): void {
    const [fallback] = this.agents
    if (step.do === 'mint') this.mint(step.key, step.blind)
    else if (step.do === 'restart') fallback.reopen(step.crash)
    else if (step.do === 'deliver') {
      const one = this.minted[step.which % Math.max(1, this.minted.length)]
      if (one !== undefined) this.merge(step.to, one.key, one.result.delta, one.result.version)
    } else if (step.do === 'hand over') this.handOver(step.to, step.key)
    else this.drop(step.key)
  }

  private mint(key: number, blind: boolean): void {
    const [fallback] = this.agents
    const name = nameOf(key)
    const result = fallback.transaction(() =>
      fallback.index.mint(name, {
        ...{
          opId: fallback.opId(),
          kind: 'object',
          seenTime: 0,
          seenSeq: 0,
          size: 0,
          etag: 'e',
          contentType: '',
        },
        ...{ sha256: systemHasher.sha256(new Uint8Array(0)), metadata: [], blocks: undefined },
        ...{ retention: undefined, setPolicy: undefined, attempt: undefined, body: new Uint8Array(0) },
        // A client's old context, or a clock read that reached nobody.
        ...{ cover: undefined, exact: blind },
      }),
    )
    this.minted.push({ key, result })
  }

  private merge(to: number, key: number, context: MintResult['delta'], version: Version | undefined): void {
    const fixture = this.agents[to]
    const { record } = this.minted.find(({ result }) => result.version === version)?.result ?? {}
    const arriving =
      version === undefined || record === undefined ? undefined : { version, record, body: new Uint8Array(0) }
    fixture?.transaction(() =>
      fixture.index.merge(nameOf(key), { context, arriving, keep: undefined, attributes: undefined }),
    )
  }

  private handOver(to: number, key: number): void {
    const delivery = KeyDelivery.of(this.agents[0].index, systemHasher, nameOf(key))
    for (let delta = delivery?.next(); delta !== undefined; delta = delivery?.next()) {
      const { record } = delta
      const dot = record === undefined ? undefined : dotText(decodeVersion(record).dot)
      const one = this.minted.find(({ result }) => dotText(result.version.dot) === dot)
      this.merge(to, key, delta.context, one?.result.version)
    }
  }

  private drop(key: number): void {
    const [fallback] = this.agents
    const { bucketId, key: text } = nameOf(key)
    const known = fallback.index.find(bucketId, text)
    if (known === undefined) return
    fallback.transaction(() => fallback.index.drop(nameOf(key), known))
    fallback.checkCountsAnew()
    if (!this.isForgetful) return
    fallback.database.exec('DELETE FROM dropped_counters')
    fallback.reopen(false)
  }

  check(): void {
    for (const at of [1, 2]) {
      const fixture = this.agents[at]
      for (const { key, result } of this.minted) {
        const known = fixture?.index.find(nameOf(key).bucketId, nameOf(key).key)
        const { dot } = result.version
        if (known === undefined || !covers(known.summary.context, dot)) continue
        if (fixture?.index.versionAt(known, dot) === undefined)
          throw new Error(`owner ${at} believes that it has seen ${dotText(dot)}`)
      }
    }
  }

  close(): void {
    for (const fixture of this.agents) fixture.close()
  }
}

function runs(isForgetful: boolean): fc.RunDetails<[Step[]]> {
  return fc.check(
    fc.property(fc.array(step, { maxLength: 30, size: 'max' }), steps => {
      const world = new World(isForgetful)
      try {
        for (const one of steps) world.run(one)
        world.check()
      } finally {
        world.close()
      }
    }),
    { numRuns: 150, seed: 7 },
  )
}

t.test(
  'a fallback that mints, delivers, forgets and mints again makes nobody believe it saw more',
  async t => {
    const run = runs(false)
    t.equal(run.failed, false, fc.defaultReportMessage(run) ?? '')
  },
)

t.test('without the counters of what was dropped the same runs lose versions', async t => {
  t.equal(runs(true).failed, true)
})
