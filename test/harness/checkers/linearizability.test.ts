import fc from 'fast-check'
import t from 'tap'
import { linearizabilityProblem, type RegisterCall, type RegisterEvent } from './linearizability.js'
import { isLinearizable } from './linearizable-by-search.js'

type Result = RegisterEvent['result']
const create = (value: string): RegisterCall => ({ kind: 'create', value })
const replace = (expected: string, value: string): RegisterCall => ({ kind: 'replace', expected, value })
const read: RegisterCall = { kind: 'read' }
const event = (
  call: RegisterCall,
  calledAt: number,
  returnedAt: number | undefined,
  result: Result,
): RegisterEvent => ({ call, calledAt, returnedAt, result })

t.test('what a register may answer', async t => {
  const cases: [string, RegisterEvent[]][] = [
    ['nothing happened', []],
    ['one of two creators', [event(create('a'), 1, 4, 'done'), event(create('b'), 2, 3, 'refused')]],
    [
      'a write nobody heard of that is read later',
      [
        event(create('a'), 1, undefined, undefined),
        event(read, 2, 3, { shown: undefined }),
        event(read, 4, 5, { shown: 'a' }),
      ],
    ],
    [
      'a chain',
      [
        event(create('a'), 1, 2, 'done'),
        event(replace('a', 'b'), 3, 6, 'done'),
        event(replace('a', 'c'), 4, 5, 'refused'),
        event(read, 7, 8, { shown: 'b' }),
      ],
    ],
    [
      'a refusal by a write that nobody heard of',
      [event(create('a'), 1, undefined, undefined), event(create('b'), 2, 3, 'refused')],
    ],
  ]
  for (const [name, history] of cases) t.equal(linearizabilityProblem(history), undefined, name)
})

t.test('what no register answers', async t => {
  const cases: [string, RegisterEvent[]][] = [
    ['two winners', [event(create('a'), 1, 4, 'done'), event(create('b'), 2, 3, 'done')]],
    ['no winner', [event(create('a'), 1, 4, 'refused'), event(create('b'), 2, 3, 'refused')]],
    ['a stale read', [event(create('a'), 1, 2, 'done'), event(read, 3, 4, { shown: undefined })]],
    [
      'a lost update',
      [
        event(create('a'), 1, 2, 'done'),
        event(replace('a', 'b'), 3, 5, 'done'),
        event(replace('a', 'c'), 4, 6, 'done'),
      ],
    ],
    [
      'a read that goes back',
      [
        event(create('a'), 1, undefined, undefined),
        event(read, 2, 3, { shown: 'a' }),
        event(read, 4, 5, { shown: undefined }),
      ],
    ],
    [
      'told that it failed, and took place',
      [
        event(create('a'), 1, 2, 'done'),
        event(replace('a', 'b'), 3, 4, 'refused'),
        event(read, 5, 6, { shown: 'b' }),
      ],
    ],
  ]
  for (const [name, history] of cases)
    t.match(linearizabilityProblem(history), /no order of these calls/, name)
})

/** Calls of a few clients, one after the other each, at a register; each takes effect at a moment between its call and return. */
const calls = fc.array(
  fc.record({
    client: fc.nat(2),
    kind: fc.constantFrom('create' as const, 'replace' as const, 'read' as const),
    before: fc.nat(30),
    within: fc.nat(30),
    /** What the caller is told in the end is something else. */
    turned: fc.nat(9),
  }),
  { minLength: 1, maxLength: 9 },
)

function historyOf(steps: typeof calls extends fc.Arbitrary<infer T> ? T : never): RegisterEvent[] {
  const history: RegisterEvent[] = []
  const busyUntil = [0, 0, 0]
  const known: (string | undefined)[] = [undefined, undefined, undefined]
  const moments: { readonly at: number; readonly take: () => void }[] = []
  for (const [i, step] of steps.entries()) {
    const { client, before, within, turned } = step
    const calledAt = (busyUntil[client] ?? 0) + 1 + before + i / 100
    const at = calledAt + within + 0.001
    const returnedAt = at + within + 0.001
    busyUntil[client] = returnedAt
    moments.push({
      at,
      take: () => {
        const value = `v${i}`
        const holds = step.kind === 'create' ? register === undefined : register === known[client]
        if (step.kind === 'read' || (step.kind === 'replace' && known[client] === undefined)) {
          known[client] = register
          history.push(event(read, calledAt, returnedAt, { shown: register }))
          return
        }
        const call = step.kind === 'create' ? create(value) : replace(known[client] ?? '', value)
        if (holds) register = value
        const told = turned === 0 ? !holds : holds
        if (turned === 1) history.push(event(call, calledAt, undefined, undefined))
        else history.push(event(call, calledAt, returnedAt, told ? 'done' : 'refused'))
      },
    })
  }
  let register: string | undefined
  for (const { take } of moments.sort((a, b) => a.at - b.at)) take()
  return history
}

t.test('says the same as a search through all orders', async t => {
  let explained = 0
  let wrong = 0
  fc.assert(
    fc.property(calls, steps => {
      const history = historyOf(steps)
      const problem = linearizabilityProblem(history)
      if (problem === undefined) explained++
      else wrong++
      return (problem === undefined) === isLinearizable(history)
    }),
    { numRuns: 3000 },
  )
  t.ok(explained > 500 && wrong > 100, `${explained} histories are explained, ${wrong} are not`)
})
