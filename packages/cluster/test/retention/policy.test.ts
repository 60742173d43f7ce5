import t from 'tap'
import { countToPrune } from '../../src/retention/count-to-prune.js'
import {
  keepAll,
  parsePolicy,
  policyAttribute,
  policyInForce,
  policyOf,
  policyText,
  policyValue,
  policyVersionsMax,
  type RetentionPolicy,
} from '../../src/retention/policy.js'
import { attributesOf, noAttributes } from '../../src/state/attributes.js'
import { actor } from '../support/samples.js'

t.test('the text of a policy is read as it is written', async t => {
  const texts = ['all', 'latest', 'global:1', 'global:1000000', 'dynamic:8', 'inherit']
  for (const text of texts) t.equal(policyText(parsePolicy(text)), text)
  t.same(parsePolicy('global:5'), { kind: 'global', max: 5 })
  t.same(parsePolicy('dynamic:1'), { kind: 'dynamic', max: 1 })
})

t.test('nonsense is refused, and the error says what is allowed', async t => {
  const nonsense = [
    '',
    'ALL',
    'all ',
    'global',
    'global:',
    'global:0',
    'global:-1',
    'global:05',
    'global:1.5',
    'global:1e3',
    `global:${policyVersionsMax + 1}`,
    'global:99999999999999999999',
    'latest:1',
    'age:30d',
    'inherit:1',
    'x'.repeat(256),
  ]
  for (const text of nonsense) {
    t.throws(() => parsePolicy(text), { code: 'BAD_REQUEST', hint: /"latest", "global:N"/ }, text)
  }
  t.throws(() => parsePolicy('global:5,age:30d'), { code: 'BAD_REQUEST', message: /reserved/ })
})

const register = (value: Uint8Array | undefined) =>
  attributesOf([
    {
      version: undefined,
      name: policyAttribute,
      value,
      time: 1,
      dot: { actor: actor(1), counter: 1 },
    },
  ])

t.test("a key's own policy is a register; cleared, it inherits", async t => {
  t.same(policyOf(register(policyValue({ kind: 'dynamic', max: 8 }))), { kind: 'dynamic', max: 8 })
  t.equal(policyOf(register(policyValue('inherit'))), undefined)
  t.equal(policyOf(noAttributes), undefined)
  t.equal(policyOf(register(Buffer.from('inherit'))), undefined)
})

t.test('a policy that a later version of Torc wrote removes nothing', async t => {
  t.equal(policyOf(register(Buffer.from('age:30d'))), keepAll)
})

t.test(
  'the policy set with the write goes before that of the key, and that before that of the bucket',
  async t => {
    const [five, eight, latest]: RetentionPolicy[] = [
      { kind: 'global', max: 5 },
      { kind: 'dynamic', max: 8 },
      { kind: 'latest' },
    ]
    const key = register(policyValue(eight ?? keepAll))
    t.equal(policyInForce(five, key, latest), five)
    t.same(policyInForce(undefined, key, latest), eight)
    t.equal(policyInForce('inherit', key, latest), latest)
    t.equal(policyInForce(undefined, noAttributes, latest), latest)
    t.equal(policyInForce(undefined, noAttributes, undefined), keepAll)
  },
)

t.test('how many go: a table', async t => {
  const cases: [text: string, present: number, gone: number][] = [
    ['all', 1_000_000, 0],
    ['latest', 0, 0],
    ['latest', 1, 1],
    ['latest', 7, 7],
    ['global:5', 4, 0],
    ['global:5', 5, 1],
    ['global:5', 12, 8],
    ['dynamic:8', 7, 0],
    // The ninth PUT leaves seven.
    ['dynamic:8', 8, 2],
    // 20 → 15 → 12 → 9 → 7.
    ['dynamic:8', 20, 13],
    ['dynamic:3', 3, 1],
    ['dynamic:1', 1, 1],
    ['dynamic:1', 3, 3],
    ['dynamic:100', 100, 25],
  ]
  for (const [text, present, gone] of cases) {
    const policy = parsePolicy(text)
    if (policy === 'inherit') throw new Error('not in the table')
    t.equal(countToPrune(policy, present), gone, `${text} of ${present}`)
    t.equal(countToPrune(policy, present, 1), Math.min(1, gone))
  }
})
