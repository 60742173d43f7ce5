import { limits } from '@torc/protocol/limits'
import t from 'tap'
import { membershipParameters as p } from '../../src/membership/parameters.js'
import type { SwimAction, SwimEvent } from '../../src/membership/swim-events.js'
import { kindsOf, member, SwimRun } from './members.js'

/** Every probe is answered. */
const answered = (action: SwimAction): SwimEvent | undefined =>
  action.kind === 'probe' ? { kind: 'answered', probe: action.probe } : undefined

/** Every probe is answered but those of `id`, whose connection is refused. */
const refusedBy =
  (id: string) =>
  (action: SwimAction): SwimEvent | undefined => {
    if (action.kind !== 'probe') return undefined
    return action.member.id === id ? { kind: 'refused', probe: action.probe } : answered(action)
  }

function targetsOf(actions: readonly SwimAction[]): string[] {
  return actions.flatMap(action => (action.kind === 'probe' ? [action.member.id] : []))
}

t.test('one probe in each period, everyone in turn', async t => {
  const run = new SwimRun(['a', 'b', 'c', 'd'])
  const targets = targetsOf(run.run(40_000, answered))
  t.ok(Math.abs(targets.length - 40) <= 1, `${targets.length}`)
  for (let n = 0; n + 8 <= targets.length; n += 4)
    t.strictSame([...new Set(targets.slice(n, n + 8))].sort(), ['a', 'b', 'c', 'd'])
  t.equal(run.swim.healthScore, 0)
})

t.test('who does not answer is probed by others; one word from any of them is enough', async t => {
  const run = new SwimRun(['a', 'b', 'c', 'd', 'e'])
  let asked: Extract<SwimAction, { kind: 'probe-for' }> | undefined
  run.run(30_000, action => {
    if (action.kind === 'probe' && action.member.id !== 'a') return answered(action)
    if (action.kind !== 'probe-for') return undefined
    asked = action
    return { kind: 'relayed', probe: action.probe, relay: action.relays[2]?.id ?? '', answered: true }
  })
  t.equal(asked?.member.id, 'a')
  t.equal(asked?.relays.length, p.indirectProbes)
  t.notOk(asked?.relays.some(({ id }) => id === 'a' || id === 'me'))
  t.ok((asked?.timeoutMs ?? 0) <= p.periodMs - p.probeTimeoutMs)
  t.equal(run.stateOf('a'), 'alive 1')
})

t.test('silence makes a suspect, time makes it down, itself alone makes it alive', async t => {
  const run = new SwimRun(['a', 'b', 'c', 'd', 'e'])
  const silent = (action: SwimAction): SwimEvent | undefined =>
    action.kind === 'probe' && action.member.id === 'a' ? undefined : answered(action)
  while (run.stateOf('a') === 'alive 1') run.run(100, silent)
  t.strictSame(run.swim.get('a')?.suspectedBy, ['me'])
  const sinceMs = run.nowMs
  run.news(member('a', { state: 'suspect', suspectedBy: ['b'] }))
  run.news(member('a', { state: 'suspect', suspectedBy: ['c'] }))
  while (run.stateOf('a') === 'suspect 1') run.run(100, silent)
  t.equal(run.stateOf('a'), 'down 1')
  t.ok(run.nowMs - sinceMs >= p.suspicionMs && run.nowMs - sinceMs <= p.suspicionMs + 200)
  run.news(member('a'))
  t.equal(run.stateOf('a'), 'down 1')
  run.news(member('a', { incarnation: 2 }))
  t.equal(run.stateOf('a'), 'alive 2')
})

t.test(
  'alone with its suspicion, a node waits three times as long; it is taken back by the suspect',
  async t => {
    const alone = new SwimRun(['a', 'b', 'c', 'd', 'e'])
    while (alone.stateOf('a') === 'alive 1') alone.run(100, refusedBy('a'))
    const sinceMs = alone.nowMs
    alone.run(11_000, refusedBy('a'))
    t.equal(alone.stateOf('a'), 'suspect 1')
    alone.news(member('a', { incarnation: 2 }))
    t.equal(alone.stateOf('a'), 'alive 2')
    alone.run(p.suspicionMs * p.suspicionFactorMax, answered)
    t.equal(alone.stateOf('a'), 'alive 2', `suspected for ${alone.nowMs - sinceMs} ms in all`)
  },
)

t.test(
  'a suspect that others name is probed at once and told so; that confirms, or brings the refutation',
  async t => {
    const run = new SwimRun(['a', 'b', 'c', 'd'])
    run.run(3_000, answered)
    run.news(member('a', { state: 'suspect', suspectedBy: ['b'] }))
    const first = targetsOf(run.run(1_200, refusedBy('a')))
    t.ok(first.includes('a'))
    t.strictSame(run.swim.get('a')?.suspectedBy, ['b'], 'others were asked, and have not answered yet')
    run.run(2_000, action =>
      action.kind === 'probe-for'
        ? { kind: 'relayed', probe: action.probe, relay: action.relays[0]?.id ?? '', answered: false }
        : refusedBy('a')(action),
    )
    t.strictSame(run.swim.get('a')?.suspectedBy, ['b', 'me'])
    t.match(run.swim.newsFor('a')[0], { id: 'a', state: 'suspect' })
  },
)

t.test(
  'a lost connection makes a member be probed at once, once in a period, and is no suspicion',
  async t => {
    const run = new SwimRun(['a', 'b', 'c', 'd'])
    t.strictSame(targetsOf(run.step({ kind: 'lost', id: 'c' })), ['c'])
    t.equal(run.stateOf('c'), 'alive 1')
    t.strictSame(targetsOf(run.step({ kind: 'lost', id: 'c' })), [], 'a probe is under way')
    t.strictSame(run.step({ kind: 'lost', id: 'stranger' }), [])
    t.strictSame(run.step({ kind: 'lost', id: 'me' }), [])
  },
)

t.test('what is said of this node is refuted, higher than it was heard, and stored first', async t => {
  const run = new SwimRun(['a', 'b'])
  const actions = run.step({
    kind: 'news',
    from: 'a',
    members: [member('me', { incarnation: 7, state: 'down' })],
  })
  t.strictSame(kindsOf(actions), ['incarnation', 'changed', 'exchange'])
  t.match(actions[0], { incarnation: 8 })
  t.equal(run.stateOf('me'), 'alive 8')
  t.equal(run.swim.healthScore, 1)
  t.strictSame(run.news(member('me', { incarnation: 7, state: 'suspect' })), [])
  t.ok(
    run.swim.newsFor('b').some(({ id, incarnation }) => id === 'me' && incarnation === 8),
    'who has not heard of it hears it again',
  )
  run.news(member('me', { incarnation: 8, state: 'suspect' }))
  t.equal(run.stateOf('me'), 'alive 9')
  t.strictSame(kindsOf(run.news(member('me', { incarnation: 9, address: 'b:2' }))), ['rival'])
})

t.test('a process that stood still blames nobody, and asks what it missed', async t => {
  for (const pauseMs of [5_000, 30_000, 3_600_000]) {
    const run = new SwimRun(['a', 'b', 'c', 'd'])
    run.run(2_000, answered)
    run.news(member('a', { state: 'suspect', suspectedBy: ['b', 'c', 'd'] }))
    const before = run.run(3_800, refusedBy('a'))
    t.ok(targetsOf(before).length > 0)
    t.equal(run.stateOf('a'), 'suspect 1')
    run.pause(pauseMs)
    const first = run.step({ kind: 'tick' })
    t.equal(run.swim.healthScore, 1)
    const after = run.run(1_900, refusedBy('a'))
    t.equal(run.stateOf('a'), 'suspect 1', 'what others say can still arrive')
    t.ok(kindsOf([...first, ...after]).includes('exchange'))
    for (const id of ['b', 'c', 'd']) t.not(run.stateOf(id), 'down 1')
    run.news(member('a', { incarnation: 2 }))
    run.run(20_000, answered)
    t.same(
      run.swim.members().map(({ state }) => state),
      ['alive', 'alive', 'alive', 'alive', 'alive'],
    )
  }
})

t.test('a node that reads answers too late finds the fault in itself', async t => {
  const run = new SwimRun(['a', 'b', 'c', 'd'])
  run.run(10_000)
  const score = run.swim.healthScore
  t.ok(score >= 2, `${score}`)
  const slow = targetsOf(run.run(10_000)).filter(id => run.swim.get(id)?.state === 'alive').length
  t.ok(slow < 10, `${slow} probes in ten seconds`)
  run.news(...['a', 'b', 'c', 'd'].map(id => member(id, { incarnation: 2 })))
  run.run(120_000, answered)
  t.equal(run.swim.healthScore, 0)
})

t.test('what a peer holds for down is suspected first where it was alive', async t => {
  const run = new SwimRun(['a', 'b', 'c'])
  const told = [
    member('a', { state: 'down' }),
    member('x', { state: 'down' }),
    member('b', { state: 'left' }),
  ]
  run.step({ kind: 'table', from: 'c', members: told })
  t.match(run.swim.get('a'), { state: 'suspect', suspectedBy: ['c'] })
  t.equal(run.stateOf('x'), 'down 1')
  t.equal(run.stateOf('b'), 'left 1')
  run.news(member('a', { state: 'down' }))
  t.equal(run.stateOf('a'), 'down 1')
})

t.test('who was given up is asked for now and then; alone, a node looks for anybody each second', async t => {
  const run = new SwimRun(['a', 'b'])
  run.news(member('b', { state: 'down' }))
  const asked = run
    .run(60_000, answered)
    .flatMap(action => (action.kind === 'exchange' ? action.member.id : []))
  t.ok(asked.filter(id => id === 'b').length >= 10)
  t.ok(asked.filter(id => id === 'a').length >= 1, 'full exchange with the living')
  run.news(member('a', { state: 'down' }))
  const alone = kindsOf(run.run(10_000))
  t.ok(alone.filter(kind => kind === 'join').length >= 8)
  t.ok(alone.filter(kind => kind === 'exchange').length >= 8)
})

t.test('news is told a few times, and fits its message', async t => {
  const run = new SwimRun(['a', 'b', 'c'])
  const times = Array.from({ length: 30 }, () => run.swim.newsFor('a').length)
  t.equal(times.filter(count => count > 0).length, p.retransmitFactor)
  const big = { hints: new Uint8Array(limits.hintsBytesMax), revision: 1 }
  run.news(...Array.from({ length: 200 }, (_, n) => member(`n${n}`, big)))
  const told = run.swim.newsFor('a')
  t.ok(told.length >= 5 && told.length < 9, `${told.length}`)
  const bytes = run.swim.fullTable().reduce((sum, { hints }) => sum + (hints?.length ?? 0), 0)
  t.ok(bytes < limits.membersBytesMax)
  t.equal(run.swim.fullTable()[0]?.id, 'me')
})

t.test('what this node says of itself has a revision', async t => {
  const run = new SwimRun(['a'])
  run.step({ kind: 'describe', description: { hints: new Uint8Array([1]) } })
  run.step({ kind: 'describe', description: { restored: true } })
  t.match(run.swim.self, { revision: 2, restored: true, hints: new Uint8Array([1]) })
  t.strictSame(
    run.step({ kind: 'describe', description: { hints: new Uint8Array([1]), restored: true } }),
    [],
  )
  run.step({ kind: 'describe', description: { hints: undefined, restored: false } })
  t.same(run.swim.self, member('me', { revision: 3 }))
  run.news(member('me', { revision: 8 }))
  t.match(run.swim.self, { revision: 8, incarnation: 2 }, 'words of an earlier life do not outlive it')
})

t.test('leaving is told, and not refuted; servers that are gone are forgotten, agents stay', async t => {
  const run = new SwimRun(['a'])
  run.news(member('s', { role: 'server' }))
  run.news(member('s', { role: 'server', state: 'left' }), member('a', { state: 'left' }))
  const changes = run.run(p.forgetMs + 1_000).filter(action => action.kind === 'changed')
  t.match(changes.at(-1), { member: undefined, previous: { id: 's' } })
  run.news(member('s', { role: 'server', state: 'down' }))
  t.equal(run.stateOf('s'), 'unknown')
  t.equal(run.stateOf('a'), 'left 1')
  run.step({ kind: 'leave' })
  t.strictSame(run.news(member('me', { state: 'down' }), member('me', { state: 'left' })), [])
  t.equal(run.stateOf('me'), 'left 1')
})

t.test('a peer cannot make the table grow without bound', async t => {
  const run = new SwimRun([])
  run.news(...Array.from({ length: limits.membersMax + 100 }, (_, n) => member(`n${n}`)))
  t.equal(run.swim.members().length, limits.membersMax)
})
