import { systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { actorId, compareDots, dotsEqual, dotText, makeActorId } from '../../src/clocks/dot.js'

t.test('actor ids are 16 lower-case hex digits, new ones all different', async t => {
  const made = new Set(Array.from({ length: 100 }, () => makeActorId(systemRandom)))
  t.equal(made.size, 100)
  for (const id of made) t.equal(actorId(id), id)
  t.equal(
    makeActorId({ bytes: () => Uint8Array.of(0, 1, 0xab, 0xff, 4, 5, 6, 7), fraction: () => 0 }),
    '0001abff04050607',
  )
  for (const bad of ['', '0123', '0123456789ABCDEF', '0123456789abcdefa', 'x123456789abcdef']) {
    t.throws(() => actorId(bad), { name: 'TorcError', code: 'BAD_REQUEST' })
    t.throws(() => actorId(bad, 'CORRUPT'), { code: 'CORRUPT' })
  }
})

t.test('dots have a text and a total order', async t => {
  const a = actorId('00000000000000aa')
  const b = actorId('00000000000000bb')
  t.equal(dotText({ actor: a, counter: 7 }), '00000000000000aa:7')
  t.ok(dotsEqual({ actor: a, counter: 7 }, { actor: a, counter: 7 }))
  t.notOk(dotsEqual({ actor: a, counter: 7 }, { actor: b, counter: 7 }))
  const sorted = [
    { actor: b, counter: 1 },
    { actor: a, counter: 10 },
    { actor: a, counter: 9 },
  ].sort(compareDots)
  t.same(sorted.map(dotText), [`${a}:9`, `${a}:10`, `${b}:1`])
})
