import t from 'tap'
import { contextOfDots, emptyContext } from '../../src/clocks/causal-context.js'
import { makeState } from '../../src/state/key-state.js'
import { decodeSummary, encodeSummary, planMerge, planMint, summaryOf } from '../../src/state/key-summary.js'
import { nullDots, readNullDots } from '../../src/state/null-dots.js'
import {
  changedNullVersions,
  noNullVersions,
  nullVersionsOf,
  replacedNullVersions,
} from '../../src/state/null-versions.js'
import { nthInput, PlannedKey } from '../support/long-history.js'
import { actor, version } from '../support/samples.js'

const dot = (n: number, counter: number) => ({ actor: actor(n), counter })
const nullVersion = (n: number, counter: number) => version({ dot: dot(n, counter), isNull: true })

t.test('which of the versions held are null versions', async t => {
  const [a, b, plain] = [nullVersion(2, 1), nullVersion(1, 5), version({ dot: dot(1, 1) })]
  t.strictSame(nullVersionsOf([a, plain, b]), [a.dot, b.dot], 'in one order, whoever counts')
  t.equal(nullVersionsOf([plain]), noNullVersions)
  const held = nullVersionsOf([a])
  t.equal(changedNullVersions(held, [plain], []), held)
  t.strictSame(changedNullVersions(held, [b], []), [a.dot, b.dot])
  t.strictSame(changedNullVersions([a.dot, b.dot], [], [a]), [b.dot])
  t.equal(changedNullVersions(held, [], [a]), noNullVersions)
})

t.test('as messages tell them', async t => {
  t.strictSame(nullDots([]), {})
  const { nulls } = nullDots([dot(1, 5), dot(2, 1)])
  t.strictSame(readNullDots(nulls), [dot(1, 5), dot(2, 1)])
  t.strictSame(readNullDots(), [])
  const many = Array.from({ length: 5000 }, (_, i) => dot(1, i + 1))
  t.equal(nullDots(many).nulls?.length, 4096, 'no message grows without bound')
})

t.test('a new one replaces those that it covers, by whomever they are held', async t => {
  const context = contextOfDots([dot(1, 5), dot(2, 1)])
  t.strictSame(replacedNullVersions(context, [dot(2, 1)], [dot(1, 5), dot(2, 1), dot(3, 1)]), [
    dot(2, 1),
    dot(1, 5),
  ])
  t.strictSame(replacedNullVersions(emptyContext, [dot(1, 1)]), [])
})

t.test('the next null version takes the place of one that is deep in the history', async t => {
  const [minter, owner] = [new PlannedKey(), new PlannedKey()]
  const mint = (n: number, isNull: boolean) => {
    const input = nthInput(n, isNull ? { isNull: true } : {})
    const made = planMint(minter.summary, input, minter.local)
    minter.apply(made.plan)
    const delta = { context: made.delta, versions: [made.version] }
    owner.apply(planMerge(owner.summary, delta, owner.local))
    return made
  }
  mint(1, false)
  const replaced = mint(2, true)
  for (let n = 3; n <= 6; n++) mint(n, false)
  t.strictSame(minter.summary.nulls, [replaced.version.dot])
  const next = mint(7, true)
  t.strictSame(next.pruned, [replaced.version.dot])
  for (const key of [minter, owner]) {
    t.equal(key.summary.versionCount, 6)
    t.strictSame(key.summary.nulls, [next.version.dot])
    t.strictSame(decodeSummary(encodeSummary(key.summary)).nulls, [next.version.dot])
  }
  t.same(owner.summary.digest, minter.summary.digest)
})

t.test('a key without null versions is stored as before; what contradicts itself is refused', async t => {
  const plain = version({ dot: dot(1, 1) })
  const held = version({ dot: dot(1, 1), isNull: true })
  const bytesOf = (one: typeof plain) =>
    encodeSummary(summaryOf(makeState(contextOfDots([dot(1, 1)]), [one])))
  t.equal(Buffer.from(bytesOf(plain)).toString('hex').slice(0, 4), '9901')
  const stored = Buffer.from(bytesOf(held)).toString('hex')
  t.equal(stored.slice(0, 4), '9a02')
  t.ok(stored.endsWith(`92c408${actor(1)}01`))
  const refused = { code: 'CORRUPT' }
  for (const end of [
    '90',
    '91',
    `92c408${actor(1)}00`,
    `92c408${actor(2)}01`,
    `94c408${actor(1)}01c408${actor(1)}01`,
  ]) {
    const damaged = Buffer.from(`${stored.slice(0, -`92c408${actor(1)}01`.length)}${end}`, 'hex')
    t.throws(() => decodeSummary(damaged), refused, end)
  }
})
