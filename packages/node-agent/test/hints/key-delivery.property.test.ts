import { deepStrictEqual } from 'node:assert/strict'
import { emptyContext } from '@torc/cluster/clocks/causal-context'
import { emptyState, type KeyState, makeState, mergeStates, stateDigest } from '@torc/cluster/state/key-state'
import type { Version } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { systemHasher } from '@torc/protocol/environment/system'
import fc from 'fast-check'
import t from 'tap'
import { KeyDelivery } from '../../src/hints/key-delivery.js'
import { IndexFixture, keyName } from '../index/index-fixture.js'

/** What two agents do to one key before the one delivers its state to the other, and what goes wrong then. */
const step = fc.record({
  at: fc.integer({ min: 0, max: 1 }),
  do: fc.constantFrom('mint', 'mint', 'blind', 'prune', 'purge', 'tag', 'tell'),
  which: fc.nat({ max: 20 }),
})
const story = fc.record({
  steps: fc.array(step, { maxLength: 25, size: 'max' }),
  /** After so many deltas the delivery is cut off and begins anew; deltas that come twice must not matter. */
  cut: fc.nat({ max: 10 }),
})

interface Written {
  readonly version: Version
  readonly body: Uint8Array
  readonly delta: KeyState['context']
}

const { bucketId, key } = keyName(0)

function stateOf(fixture: IndexFixture): KeyState {
  const { index } = fixture
  const known = index.find(bucketId, key)
  if (known === undefined) return emptyState
  const rows = index.rows.recordsOf(known.id).map(({ record }) => decodeVersion(record))
  const { context, heads, attributes } = known.summary
  return makeState(context, [...heads.slice(0, 1), ...rows], attributes)
}

function play(
  agents: readonly [IndexFixture, IndexFixture],
  steps: readonly { at: number; do: string; which: number }[],
) {
  const written: Written[] = []
  for (const { at, do: what, which } of steps) {
    const agent = agents[at === 0 ? 0 : 1]
    const one = written[which % Math.max(1, written.length)]
    if (what === 'mint' || what === 'blind' || what === 'prune') {
      const body = Buffer.from(`body ${written.length}`)
      const retention =
        what === 'prune'
          ? { policy: { kind: 'global', max: 2 } as const, live: [], attributes: new Map() }
          : undefined
      const blind = what === 'blind' ? { cover: emptyContext, exact: true } : {}
      const { version, delta } = agent.mint(0, { body, retention, ...blind })
      written.push({ version, body, delta })
    } else if (one !== undefined && what === 'purge') agent.merge(0, one.version.context)
    else if (one !== undefined && what === 'tell') agent.merge(0, one.delta, one)
    else if (what === 'tag' && stateOf(agent).versions.size > 0) {
      const version = [...stateOf(agent).versions.values()][which]?.dot
      agent.setAttributes(0, { version, set: [['tag:a', Buffer.from([which])]], clear: [], seenTime: 0 })
    }
  }
  return written
}

/** Sends deltas until the end, or until `countMax` of them went. */
function deliver(from: IndexFixture, to: IndexFixture, countMax: number): void {
  const delivery = KeyDelivery.of(from.index, systemHasher, keyName(0))
  for (let count = 0; count < countMax; count++) {
    const delta = delivery?.next()
    if (delta === undefined) return
    const version = delta.record === undefined ? undefined : decodeVersion(delta.record)
    const one = version === undefined ? undefined : { version, body: delta.body ?? null }
    to.merge(0, delta.context, one, undefined, delta.attributes)
  }
}

t.test(
  'a delivery makes the join of both states, whatever either knew, and wherever it was cut off',
  async () => {
    fc.assert(
      fc.property(story, ({ steps, cut }) => {
        const agents = [new IndexFixture(1), new IndexFixture(2)] as const
        try {
          const [from, to] = agents
          const written = play(agents, steps)
          const joined = mergeStates(stateOf(from), stateOf(to))
          deliver(from, to, cut)
          // What is there in between is only older: nothing is gone that both do not agree on.
          for (const dot of joined.versions.keys()) {
            const wasThere = stateOf(from).versions.has(dot)
            deepStrictEqual(wasThere || stateOf(to).versions.has(dot), true, dot)
          }
          deliver(from, to, Number.MAX_SAFE_INTEGER)
          deepStrictEqual(Buffer.from(stateDigest(stateOf(to))), Buffer.from(stateDigest(joined)))
          const known = to.index.find(bucketId, key)
          for (const { version, body } of written) {
            if (known === undefined || to.index.versionAt(known, version.dot) === undefined) continue
            deepStrictEqual(to.index.bodyOf(known, version.dot), body)
          }
        } finally {
          for (const agent of agents) agent.close()
        }
      }),
      { numRuns: 200 },
    )
  },
)
