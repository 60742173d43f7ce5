import t from 'tap'
import { scrubStatusOf, unfinishedScrubs, workerInfoOf } from '../../src/store/scrub.js'

const scrub = (pass: number, walking: boolean) => ({
  ...{
    pass,
    walking,
    asked: true,
    blocks: 0,
    bytes: 0,
    bytesTotal: 0,
    bytesPerSecond: 0,
    found: 0,
    repaired: 0,
  },
})

t.test('the answer of the wire, with its times as dates, by agent', async t => {
  const status = scrubStatusOf({
    agents: [
      { id: 'b', error: 'it is down' },
      {
        id: 'a',
        blocksMissing: 1,
        scrub: { ...scrub(2, false), beganAt: 5_000_999, endedAt: 6_000_000 },
        waitFor: 2,
      },
    ],
  })
  t.match(status.agents, [
    { id: 'a', blocksMissing: 1, blocksCorrupt: undefined, waitFor: 2, error: undefined },
    { id: 'b', scrub: undefined, waitFor: undefined, error: 'it is down' },
  ])
  t.match(status.agents[0]?.scrub, { pass: 2, beganAt: new Date(5_000), endedAt: new Date(6_000) })
  t.equal(
    scrubStatusOf({ agents: [{ id: 'a', scrub: scrub(0, false) }] }).agents[0]?.scrub?.endedAt,
    undefined,
  )
  const worker = { name: 'scrub', state: 'idle', progress: 'done' } as const
  t.same(workerInfoOf(worker), { ...worker, error: undefined })
})

t.test('who is waited for', async t => {
  const of = (id: string, ...[pass, walking]: [pass?: number, walking?: boolean]) => ({
    ...(pass === undefined ? { id } : { id, scrub: scrub(pass, walking === true) }),
  })
  const asked = scrubStatusOf({
    agents: [...['a', 'b', 'c', 'd', 'e'].map(id => ({ ...of(id, 1, true), waitFor: 2 })), { id: 'f' }],
  })
  const now = [of('a', 1), of('b', 2, true), of('c', 2), of('d', 3, true), of('e'), of('f', 1, true)]
  t.same(unfinishedScrubs(asked, scrubStatusOf({ agents: now })), ['a', 'b', 'e'])
  t.same(unfinishedScrubs(asked, { agents: [] }), ['a', 'b', 'c', 'd', 'e'])
})
