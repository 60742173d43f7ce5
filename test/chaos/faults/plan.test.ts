import t from 'tap'
import { SeededRandom } from '../../harness/simulation/seeded-random.js'
import { agentNames, serverNames } from '../cluster/chaos-cluster.js'
import { faults, faultsNamed, planRounds } from './plan.js'

function planned(seed: string, count: number) {
  const rounds = planRounds(faults, new SeededRandom(seed))
  return Array.from({ length: count }, () => rounds.next().value)
}

t.test('a seed determines the faults, their victims and their times', async t => {
  t.strictSame(planned('one', 50), planned('one', 50))
  t.strictNotSame(planned('one', 50), planned('two', 50))
})

t.test('every fault has its turn, one or two at once, and no process suffers from two', async t => {
  const rounds = planned('all', 400)
  const names = new Set(rounds.flatMap(round => round.faults.map(({ fault }) => fault.name)))
  t.strictSame([...names].sort(), faults.map(({ name }) => name).sort())
  t.ok(rounds.some(round => round.faults.length === 1) && rounds.some(round => round.faults.length === 2))
  const nodes: readonly string[] = [...serverNames, ...agentNames]
  for (const { faults: made } of rounds) {
    t.ok(made.length <= 2)
    if (made.some(({ fault }) => fault.alone === true)) t.equal(made.length, 1)
    const harmed = made
      .filter(({ fault }) => /kill|SIGSTOP|disk/.test(fault.name))
      .flatMap(({ victims }) => victims)
    t.equal(new Set(harmed).size, harmed.length)
    t.ok(made.every(({ victims }) => victims.length > 0 && victims.every(name => nodes.includes(name))))
  }
})

t.test('faults are chosen by parts of their names', async t => {
  t.strictSame(
    faultsNamed(['SIGSTOP', 'flaps']).map(({ name }) => name),
    ['SIGSTOP an agent', 'SIGSTOP a server', 'a link that flaps'],
  )
  t.throws(() => faultsNamed(['earthquake']), /no fault is named earthquake/)
})
