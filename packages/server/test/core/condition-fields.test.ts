import t from 'tap'
import { conditionOf } from '../../src/core/condition-fields.js'

t.test('a write has one condition, or a context, or neither', async t => {
  t.equal(conditionOf({}, undefined), undefined)
  t.equal(conditionOf({}, 'token'), undefined)
  t.same(conditionOf({ ifNoneMatch: '*' }, undefined), { kind: 'absent' })
  t.same(conditionOf({ ifMatch: 'v' }, undefined), { kind: 'match', tag: 'v' })
  for (const [fields, context] of [
    [{ ifNoneMatch: '*', ifMatch: 'v' }, undefined],
    [{ ifNoneMatch: '*' }, 'token'],
    [{ ifMatch: 'v' }, 'token'],
    [{ ifMatch: '' }, undefined],
  ] as const) {
    t.throws(() => conditionOf(fields, context), { code: 'BAD_REQUEST' })
  }
})
