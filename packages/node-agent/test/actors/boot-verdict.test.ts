import type { ActorId } from '@torc/cluster/clocks/dot'
import t from 'tap'
import {
  type BootQuestion,
  describeAhead,
  judgeBoot,
  othersToAsk,
  othersToStore,
} from '../../src/actors/boot-verdict.js'
import type { LeaseEnd } from '../../src/index/counter-lease.js'

const lease = (digit: string, leaseEnd: number): LeaseEnd => ({
  actor: digit.repeat(16) as ActorId,
  leaseEnd,
})

const answer = (leases: readonly LeaseEnd[], epoch = 1) => ({ epoch, leases })

function judge(question: Partial<BootQuestion>) {
  return judgeBoot({ own: [lease('a', 100)], agents: 3, epoch: 1, answers: [], ...question })
}

t.test('whoever stored a lease is met by whoever is asked, and the own disk is not counted on', async t => {
  for (let agents = 2; agents <= 64; agents++) {
    t.ok(othersToStore(agents) + othersToAsk(agents) > agents - 1, `${agents} agents`)
    t.ok(othersToStore(agents) + 1 > agents / 2, 'with the own disk it is a majority')
    t.ok(othersToAsk(agents) <= agents - 1, 'there are so many others')
  }
  t.same([othersToStore(1), othersToAsk(1)], [0, 0], 'alone, the own disk decides')
})

t.test('what the answers say of a disk', async t => {
  const equal = answer([lease('a', 100)])
  const lower = answer([lease('a', 50)])
  const none = answer([])
  const higher = answer([lease('a', 200)])
  const cases: [string, Partial<BootQuestion>, string][] = [
    ['nobody answers', { answers: [] }, 'undecided'],
    ['one of two others answers', { answers: [equal] }, 'undecided'],
    ['both know the same', { answers: [equal, equal] }, 'current'],
    ['both know less or nothing', { answers: [lower, none] }, 'current'],
    ['one knows more', { answers: [equal, higher] }, 'old copy'],
    ['one knows more, and no other answers', { answers: [higher] }, 'old copy'],
    ['one knows an actor that the disk does not', { answers: [answer([lease('b', 1)])] }, 'old copy'],
    ['three of five agents answer', { agents: 5, answers: [equal, equal, none] }, 'current'],
    ['two of five agents answer', { agents: 5, answers: [equal, equal] }, 'undecided'],
    ['two of four agents answer', { agents: 4, answers: [equal, equal] }, 'current'],
    ['it is the only agent', { agents: 1 }, 'current'],
    ['a new disk', { own: [], answers: [none, none] }, 'current'],
    ['one knows a newer layout', { answers: [equal, answer([], 2)] }, 'undecided'],
    ['one knows no layout yet', { answers: [equal, answer([], 0)] }, 'current'],
  ]
  for (const [what, question, kind] of cases) t.equal(judge(question).kind, kind, what)
})

t.test(
  'an old copy is told with the leases that reach further, each once, and the newest layout',
  async t => {
    const verdict = judge({
      own: [lease('a', 100), lease('b', 100)],
      answers: [answer([lease('a', 100), lease('b', 300)], 4), answer([lease('b', 200), lease('c', 1)], 2)],
    })
    t.same(verdict, { kind: 'old copy', ahead: [lease('b', 300), lease('c', 1)], epoch: 4 })
  },
)

t.test('why a disk is an old copy, in words', async t => {
  const own = [lease('a', 100)]
  t.match(describeAhead(own, [lease('a', 200)]), /as a{16} up to 200, its disk only up to 100$/)
  t.match(describeAhead(own, [lease('b', 7), lease('c', 7)]), /which its disk does not know, and of 1 more$/)
  t.match(describeAhead(own, []), /know more/)
})
