import t from 'tap'
import { buckets } from '../load/activity.js'
import type { Answer, Call, RecordedCall } from '../load/history.js'
import { judge } from './judge.js'
import { timelineOf } from './timeline.js'

let now = 0

t.beforeEach(() => {
  now = 0
})

function call(
  what: Pick<Call, 'kind' | 'key'> & Partial<Call & Answer>,
  outcome: Partial<RecordedCall> = {},
): RecordedCall {
  const base = {
    process: 'client-1',
    bucket: buckets.loose,
    result: 'ok',
    calm: false,
    final: false,
  } as const
  return { ...base, ...what, calledAt: ++now, returnedAt: ++now, ...outcome }
}

const element = 'set/client-1/0/000001'
const add = (outcome: Partial<RecordedCall> = {}) =>
  call({ kind: 'put', key: element, version: 'v1' }, outcome)
const take = (removed: readonly string[]) => call({ kind: 'delete', key: element, removed })
const listing = (...listed: string[]) => call({ kind: 'list', key: '', listed }, { final: true })
const versions = (...listed: string[]) => call({ kind: 'versions', key: '', listed }, { final: true })
const put = (version: string) => call({ kind: 'put', key: 'client-1/1', version, hash: version })
const get = (shown: string | null, outcome: Partial<RecordedCall> = {}) =>
  call({ kind: 'get', key: 'client-1/1', shown, ...(shown === null ? {} : { hash: shown }) }, outcome)
const create = (version: string) => call({ kind: 'create', key: 'contested/0/0', version })
const head = (shown: string) => call({ kind: 'head', key: 'contested/0/0', shown })

t.test('histories that are right', async t => {
  const cases: [string, () => RecordedCall[]][] = [
    ['an element that is there', () => [add(), listing(element)]],
    ['one that was deleted', () => [add(), take(['v1']), listing()]],
    ['one that a delete did not find', () => [add(), take([]), listing(element)]],
    [
      'a register',
      () => [put('v1'), put('v2'), get('v2', { calm: true }), versions('client-1/1@v1', 'client-1/1@v2')],
    ],
    [
      'a stale read during a fault',
      () => [put('v1'), put('v2'), get('v1'), versions('client-1/1@v1', 'client-1/1@v2')],
    ],
    ['a contested key', () => [create('v1'), head('v1'), versions('contested/0/0@v1')]],
  ]
  for (const [name, history] of cases) t.strictSame(judge(history()).findings, [], name)
})

t.test('histories that break a promise', async t => {
  const cases: [string, () => RecordedCall[], string, RegExp][] = [
    ['an element is lost', () => [add(), listing()], 'set-full', /lost/],
    ['one is back', () => [add(), take(['v1']), listing(element)], 'set-full', /resurrected/],
    ['nobody looked', () => [add()], 'set-full', /unread/],
    ['a version is lost', () => [put('v1'), put('v2'), versions('client-1/1@v2')], 'versions', /v1 is lost/],
    [
      'a version is back',
      () => [
        put('v1'),
        call({ kind: 'delete', key: 'client-1/1', removed: ['v1'] }),
        versions('client-1/1@v1'),
      ],
      'versions',
      /v1 is resurrected/,
    ],
    [
      'a stale read in calm',
      () => [put('v1'), put('v2'), get('v1', { calm: true }), versions('client-1/1@v1', 'client-1/1@v2')],
      'register-reads',
      /v1, which is overwritten/,
    ],
    [
      'nothing after the end',
      () => [put('v1'), versions('client-1/1@v1'), get(null, { final: true })],
      'register-reads',
      /shows nothing/,
    ],
    [
      'two winners',
      () => [create('v1'), create('v2'), versions('contested/0/0@v1', 'contested/0/0@v2')],
      'linearizability',
      /both took place/,
    ],
  ]
  for (const [name, history, checker, what] of cases) {
    const { findings } = judge(history())
    t.equal(findings.length, 1, name)
    t.match(findings[0], { checker, what }, name)
  }
})

t.test('in the strict bucket each read binds', async t => {
  const strict = { bucket: buckets.strict }
  const history = [put('v1'), put('v2'), get('v1')].map(one => ({ ...one, ...strict }))
  const findings = judge([...history, { ...versions('client-1/1@v1', 'client-1/1@v2'), ...strict }]).findings
  t.match(findings, [{ checker: 'register-reads', key: 'client-1/1' }])
})

t.test('a timeline tells what happened to the key, and the faults meanwhile', async t => {
  const history = [add(), call({ kind: 'put', key: 'set/client-1/0/000002', version: 'v2' }), listing()]
  const findings = judge(history).findings.filter(({ key }) => key === element)
  const faults = [{ name: 'kill -9 an agent', victims: ['agent-1'], beganAt: 2.5, endedAt: 4.5 }]
  const lines = findings.flatMap(finding => timelineOf(finding, history, faults))
  t.equal(lines.length, 4)
  for (const [i, what] of [
    /put v1 called at 1: ok/,
    /FAULT begins: kill -9 an agent agent-1/,
    /FAULT ends/,
    /final: lacks it/,
  ].entries())
    t.match(lines[i] ?? '', what)
})
