import t from 'tap'
import { dotsEqual } from '../../src/clocks/dot.js'
import { policyAttribute, policyOf } from '../../src/retention/policy.js'
import { attributeKey, attributesOf } from '../../src/state/attributes.js'
import { type MintPlan, planMerge, planMint } from '../../src/state/key-summary.js'
import { longHistories, nthInput, PlannedKey } from '../support/long-history.js'

function send(made: MintPlan, to: PlannedKey): void {
  const { delta, version, attributes } = made
  to.apply(planMerge(to.summary, { context: delta, versions: [version], attributes }, to.local))
}

t.test('a policy set with a version is a register of that moment, and reaches the other owners', async t => {
  const [minter, owner] = [new PlannedKey(), new PlannedKey()]
  const made = planMint(undefined, nthInput(1, { setPolicy: { kind: 'dynamic', max: 8 } }))
  minter.apply(made.plan)
  const register = made.attributes.get(attributeKey(undefined, policyAttribute))
  t.equal(register?.time, made.version.createdAt)
  t.ok(register !== undefined && dotsEqual(register.dot, made.version.dot))
  send(made, owner)
  for (const key of [minter, owner]) t.same(policyOf(key.summary.attributes), { kind: 'dynamic', max: 8 })
  t.same(owner.summary.digest, minter.summary.digest)

  const inherit = planMint(minter.summary, nthInput(2, { setPolicy: 'inherit' }))
  minter.apply(inherit.plan)
  send(inherit, owner)
  for (const key of [minter, owner]) {
    t.equal(policyOf(key.summary.attributes), undefined)
    t.equal(key.summary.attributes.size, 1, 'that it was cleared is known')
  }
  t.same(owner.summary.digest, minter.summary.digest)
})

t.test('an earlier write that comes late does not bring its policy back', async t => {
  const [minter, owner] = [new PlannedKey(), new PlannedKey()]
  const first = planMint(undefined, nthInput(1, { setPolicy: { kind: 'latest' } }))
  minter.apply(first.plan)
  const second = planMint(minter.summary, nthInput(2, { setPolicy: { kind: 'all' } }))
  minter.apply(second.plan)
  send(second, owner)
  send(first, owner)
  t.same(policyOf(owner.summary.attributes), { kind: 'all' })
  t.same(owner.summary.digest, minter.summary.digest)
})

t.test('without a policy a write changes no register and prunes nothing', async t => {
  const [key = new PlannedKey()] = longHistories(3, 1)
  const made = planMint(key.summary, nthInput(4, { retention: { policy: { kind: 'all' }, reports: [] } }))
  t.equal(made.attributes.size, 0)
  t.same(made.pruned, [])
  t.equal(made.plan.summary.attributes, key.summary.attributes)
})

t.test('tags of a thousand versions are not looked up by writes that do not touch them', async t => {
  const [key = new PlannedKey(), other = new PlannedKey()] = longHistories(1_000, 2)
  const tags = attributesOf(
    [...key.versions.values()].map(({ dot }, n) => ({
      version: dot,
      name: 'tag:colour',
      value: Buffer.from('red'),
      time: 2_000_000,
      dot: { actor: dot.actor, counter: 10_000 + n },
    })),
  )
  for (const one of [key, other]) {
    const { context } = one.summary
    one.apply(planMerge(one.summary, { context, versions: [], keep: dots(one), attributes: tags }, one.local))
    t.equal(one.summary.attributes.size, 1_000)
    one.forgetReads()
  }
  const retention = { policy: { kind: 'global', max: 1_000 } as const, reports: [key.report(65)] }
  const input = nthInput(6_000, { retention, setPolicy: { kind: 'global', max: 1_000 } })
  const made = planMint(key.summary, input, key.local)
  key.apply(made.plan)
  send(made, other)
  for (const one of [key, other]) {
    t.same(one.reads, { has: 0, get: 1, all: 0 })
    t.equal(one.summary.attributes.size, 1_000, "one tag went with its version, the key's policy came")
  }
  t.same(other.summary.digest, key.summary.digest)
})

function dots(key: PlannedKey) {
  return [...key.versions.values()].map(version => version.dot)
}
