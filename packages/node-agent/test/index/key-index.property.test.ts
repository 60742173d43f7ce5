import { type CausalContext, contextOfExactDot, emptyContext } from '@torc/cluster/clocks/causal-context'
import { dotText } from '@torc/cluster/clocks/dot'
import type { LiveReport } from '@torc/cluster/retention/live-report'
import type { RetentionPolicy } from '@torc/cluster/retention/policy'
import type { Attributes } from '@torc/cluster/state/attributes'
import {
  closedContext,
  emptyState,
  type KeyState,
  makeState,
  mergeStates,
} from '@torc/cluster/state/key-state'
import { summaryOf } from '@torc/cluster/state/key-summary'
import type { Version } from '@torc/cluster/state/version'
import { decodeVersion, encodeVersion } from '@torc/cluster/state/version-codec'
import { TorcError } from '@torc/protocol/errors'
import fc from 'fast-check'
import t from 'tap'
import type { MintResult } from '../../src/index/key-index.js'
import { noVersions } from '../../src/index/local-versions.js'
import { liveReport } from '../../src/index/oldest-versions.js'
import { IndexFixture, keyName } from './index-fixture.js'

/**
 * Two agents' indexes and, beside each, the pure whole state as oracle. Whatever happens, an index must equal its
 * oracle: summary, versions, bodies and counts, also after it was opened again.
 */
type Step =
  | {
      do: 'mint'
      at: number
      key: number
      exact: boolean
      fromOther: boolean
      again: boolean
      inBlocks: boolean
      clock: number
      policy: RetentionPolicy | undefined
      setPolicy: RetentionPolicy | 'inherit' | undefined
    }
  | {
      do: 'attributes'
      at: number
      key: number
      which: number
      name: string
      clear: boolean
      deliver: boolean
    }
  | { do: 'deliver'; at: number; which: number }
  | { do: 'purge'; at: number; key: number; which: number }
  | { do: 'repair'; to: number; key: number; wholeFirst: boolean }
  | { do: 'reopen'; at: number; crash: boolean }

interface Written {
  readonly key: number
  readonly version: Version
  readonly body: Uint8Array | null
  readonly delta: CausalContext
  readonly attributes: Attributes
  readonly token: CausalContext
}

const agent = fc.integer({ min: 0, max: 1 })
const key = fc.integer({ min: 0, max: 1 })
const which = fc.nat({ max: 50 })
const policy = fc.constantFrom<RetentionPolicy>(
  { kind: 'all' },
  { kind: 'latest' },
  { kind: 'global', max: 2 },
  { kind: 'dynamic', max: 3 },
)
const mint = fc.record({
  do: fc.constant('mint' as const),
  at: agent,
  key,
  exact: fc.boolean(),
  fromOther: fc.boolean(),
  again: fc.boolean(),
  inBlocks: fc.boolean(),
  clock: fc.integer({ min: -3, max: 3 }),
  policy: fc.option(policy, { nil: undefined }),
  setPolicy: fc.option(fc.oneof({ weight: 1, arbitrary: policy }, fc.constant('inherit' as const)), {
    nil: undefined,
    freq: 1,
  }),
})
const attributes = fc.record({
  do: fc.constant('attributes' as const),
  at: agent,
  key,
  which,
  name: fc.constantFrom('tag:a', 'tag:b'),
  clear: fc.boolean(),
  deliver: fc.boolean(),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: mint },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('deliver' as const), at: agent, which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('purge' as const), at: agent, key, which }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('repair' as const), to: agent, key, wholeFirst: fc.boolean() }),
  },
  { weight: 2, arbitrary: attributes },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const), at: agent, crash: fc.boolean() }) },
)

class World {
  readonly agents = [new IndexFixture(1), new IndexFixture(2)]
  readonly states: KeyState[][] = [
    [emptyState, emptyState],
    [emptyState, emptyState],
  ]
  readonly written: Written[] = []

  fixture(at: number): IndexFixture {
    const found = this.agents[at]
    if (found === undefined) throw new Error('no such agent')
    return found
  }

  state(at: number, key: number): KeyState {
    return this.states[at]?.[key] ?? emptyState
  }

  join(at: number, key: number, other: KeyState): void {
    const states = this.states[at]
    if (states !== undefined) states[key] = mergeStates(this.state(at, key), other)
  }

  run(step: Step): void {
    if (step.do === 'mint') this.mint(step)
    else if (step.do === 'attributes') this.attributes(step)
    else if (step.do === 'deliver') this.deliver(step.at, step.which)
    else if (step.do === 'purge') this.purge(step.at, step.key, step.which)
    else if (step.do === 'repair') this.repair(step.to, step.key, step.wholeFirst)
    else this.fixture(step.at).reopen(step.crash)
  }

  private mint(step: Step & { do: 'mint' }): void {
    const fixture = this.fixture(step.at)
    const known = this.written.filter(one => one.key === step.key)
    const token = known.at(step.clock)?.token ?? emptyContext
    const cover = step.exact
      ? token
      : step.fromOther
        ? closedContext(this.state(1 - step.at, step.key))
        : undefined
    const earlier = step.again ? known.at(step.clock) : undefined
    const here =
      earlier === undefined ? false : this.state(step.at, step.key).versions.has(dotText(earlier.version.dot))
    const kind = step.clock === 3 ? 'marker' : 'object'
    const inBlocks = step.inBlocks && kind === 'object'
    const body = kind === 'marker' || inBlocks ? null : Buffer.from(`body ${this.written.length}`)
    const opId = earlier?.version.opId ?? fixture.opId()
    const block = { hash: new Uint8Array(32).fill(this.written.length), size: 20_000 }
    const { intents } = fixture
    if (inBlocks) fixture.transaction(() => intents.place({ ...keyName(step.key), opId }))
    const { setPolicy } = step
    const retention =
      step.policy === undefined
        ? undefined
        : {
            policy: step.policy,
            live: step.fromOther ? this.reports(1 - step.at, step.key) : [],
            attributes: new Map(),
          }
    const request = {
      cover,
      exact: step.exact,
      kind,
      body,
      retention,
      setPolicy,
      opId,
      ...(inBlocks ? { blocks: [block], size: block.size } : {}),
    } as const
    let result: MintResult
    try {
      result = fixture.mint(step.key, request)
    } catch (thrown) {
      // The version of this operation was here and was removed.
      if (thrown instanceof TorcError && thrown.code === 'SUPERSEDED' && step.again && !here) return
      throw thrown
    }
    if (here) {
      if (
        !result.repeated ||
        dotText(result.version.dot) !== dotText(earlier?.version.dot ?? result.version.dot)
      ) {
        // A twin of the opId may be here as well; either is what an earlier attempt made.
        if (!result.repeated) throw new Error('a retry minted again')
      }
      return
    }
    if (result.repeated) return
    this.join(step.at, step.key, makeState(result.delta, [result.version], result.attributes))
    const after = this.state(step.at, step.key)
    const { version, delta, attributes } = result
    if (after.versions.size > 0 && !after.versions.has(dotText(version.dot)))
      throw new Error('a mint pruned what it made')
    this.written.push({ key: step.key, version, body, delta, attributes, token: closedContext(after) })
  }

  /** What the other agent tells of its oldest versions. */
  private reports(at: number, key: number): LiveReport[] {
    const { index } = this.fixture(at)
    const known = index.find(keyName(key).bucketId, keyName(key).key)
    return known === undefined ? [] : [liveReport(index.rows, known, 64)]
  }

  private attributes(step: Step & { do: 'attributes' }): void {
    const state = this.state(step.at, step.key)
    const versions = [...state.versions.values()]
    const version = versions[step.which % (versions.length + 1)]?.dot
    const set: [string, Uint8Array][] = step.clear ? [] : [[step.name, Buffer.from([step.which])]]
    const changes = { version, set, clear: step.clear ? [step.name] : [], seenTime: 0 }
    if (versions.length === 0) return
    const registers = this.fixture(step.at).setAttributes(step.key, changes)
    this.join(step.at, step.key, { ...emptyState, attributes: registers })
    if (!step.deliver) return
    this.fixture(1 - step.at).merge(step.key, emptyContext, undefined, undefined, registers)
    this.join(1 - step.at, step.key, { ...emptyState, attributes: registers })
  }

  private deliver(at: number, which: number): void {
    const one = this.written[which % Math.max(1, this.written.length)]
    if (one === undefined) return
    const before = this.state(at, one.key)
    const covered = mergeStates(before, makeState(one.delta, [one.version])).versions.has(
      dotText(one.version.dot),
    )
    const sent = one.attributes.size === 0 ? undefined : one.attributes
    const { outcome } = this.fixture(at).merge(one.key, one.delta, one, undefined, sent)
    const expected = before.versions.has(dotText(one.version.dot)) ? 'had' : covered ? 'stored' : 'seen'
    if (outcome !== expected) throw new Error(`${outcome} where ${expected} was expected`)
    this.join(at, one.key, makeState(one.delta, [one.version], one.attributes))
  }

  private purge(at: number, key: number, which: number): void {
    const tokens = [emptyContext, ...this.written.filter(one => one.key === key).map(one => one.token)]
    const token = tokens[which % tokens.length] ?? emptyContext
    this.fixture(at).merge(key, token)
    this.join(at, key, makeState(token, []))
  }

  /** The other agent's state comes as repair sends it: version by version, and the whole context with `keep`. */
  private repair(to: number, key: number, wholeFirst: boolean): void {
    const source = this.state(1 - to, key)
    const dots = [...source.versions.values()].map(version => version.dot)
    const fixture = this.fixture(to)
    if (wholeFirst) fixture.merge(key, source.context, undefined, dots)
    for (const version of source.versions.values()) {
      const body = this.written.find(one => dotText(one.version.dot) === dotText(version.dot))?.body ?? null
      fixture.merge(key, contextOfExactDot(version.dot), { version, body })
    }
    fixture.merge(key, source.context, undefined, dots, source.attributes)
    this.join(to, key, source)
  }

  check(): void {
    for (const at of [0, 1]) {
      for (const key of [0, 1]) this.checkKey(at, key)
      this.fixture(at).checkCounts([this.state(at, 0), this.state(at, 1)])
      this.fixture(at).checkTrees()
    }
  }

  private checkKey(at: number, key: number): void {
    const fixture = this.fixture(at)
    const state = this.state(at, key)
    const { index } = fixture
    const known = index.find(keyName(key).bucketId, keyName(key).key)
    const expected = summaryOf(state)
    if (known === undefined) {
      if (expected.versionCount > 0 || expected.context.vector.size > 0 || expected.attributes.size > 0)
        throw new Error('the key is not known')
      return
    }
    same(known.summary, expected, 'summary')
    for (const version of state.versions.values()) {
      same(index.versionAt(known, version.dot), version, 'version')
      const body = this.written.find(one => dotText(one.version.dot) === dotText(version.dot))?.body
      same(index.bodyOf(known, version.dot) ?? null, body ?? null, 'body')
    }
    const rows = index.rows.recordsOf(known.id).map(({ record }) => dotText(decodeVersion(record).dot))
    const others = [...state.versions.keys()].filter(
      dot => dot !== dotText(expected.heads[0]?.dot ?? { actor: noActor, counter: 0 }),
    )
    same(rows.sort(), others.sort(), 'rows of versions')
  }
}

const noActor = '0000000000000000' as Version['dot']['actor']

/** Deep equality by what it prints: maps, bytes and the order of properties in one form. */
function same(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(plain(found)), JSON.stringify(plain(expected))]
  if (a !== b) throw new Error(`${what}: ${a} where ${b} was expected`)
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (value instanceof Map)
    return [...value].map(([k, v]) => [k, plain(v)]).sort(([a], [b]) => (a < b ? -1 : 1))
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .map(([k, v]) => [k, plain(v)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
}

t.test(
  'random mints, deliveries, purges, repairs and restarts keep the index equal to the whole state',
  async () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), steps => {
        const world = new World()
        try {
          for (const one of steps) {
            world.run(one)
            world.check()
          }
          for (const at of [0, 1]) world.fixture(at).reopen(true)
          world.check()
        } finally {
          for (const fixture of world.agents) fixture.close()
        }
      }),
      { numRuns: 150 },
    )
  },
)

t.test('nothing is known of a key that was never written', async t => {
  t.equal(noVersions.has({ actor: noActor, counter: 1 }), false)
  t.same([...noVersions.all()], [])
  t.equal(noVersions.get?.({ actor: noActor, counter: 1 }), undefined)
  const fixture = new IndexFixture(1)
  t.equal(fixture.index.find(keyName(0).bucketId, keyName(0).key), undefined)
  fixture.close()
})

t.test('a record reads as it was written', async t => {
  const fixture = new IndexFixture(1)
  const { version, record } = fixture.mint(0, { body: Buffer.from('x') })
  t.same(Buffer.from(encodeVersion(decodeVersion(record))), Buffer.from(encodeVersion(version)))
  fixture.close()
})
