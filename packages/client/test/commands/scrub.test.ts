import type { Clock } from '@torc/protocol/environment/clock'
import type { AgentScrub, ScrubInfo, ScrubStatus } from '@torc/protocol/store/scrub'
import t from 'tap'
import { waitForScrub } from '../../src/commands/scrub-wait.js'
import { filled, run } from '../doubles/run.js'

const calm: ScrubInfo = {
  ...{ pass: 2, walking: false, asked: true, beganAt: new Date(1_000), endedAt: new Date(61_000) },
  ...{ blocks: 10, bytes: 10_485_760, bytesTotal: 10_485_760, bytesPerSecond: 0, found: 0, repaired: 0 },
}

function agent(
  id: string,
  scrub: Partial<ScrubInfo> | undefined,
  more: Partial<AgentScrub> = {},
): AgentScrub {
  return {
    ...{
      id,
      scrub: scrub === undefined ? undefined : { ...calm, ...scrub },
      waitFor: undefined,
      error: undefined,
    },
    ...{ blocksMissing: 0, blocksCorrupt: 0, blocksRepaired: 0 },
    ...more,
  }
}

const walking = { walking: true, endedAt: undefined, bytes: 1_048_576, bytesPerSecond: 8_388_608, blocks: 1 }

t.test('repair scrub shows how it is', async t => {
  const store = await filled({})
  store.scrubs = [{ agents: [agent('agent-1', {}), agent('agent-2', walking)] }]
  const shown = await run(['repair', 'scrub', '--json'], { store })
  t.equal(shown.code, 0)
  t.same(store.calls, [], 'nobody was asked to begin')
  t.match(shown.io.records[0], {
    blocksMissing: 0,
    blocksCorrupt: 0,
    agents: [
      { id: 'agent-1', state: 'idle', pass: 2, endedAt: '1970-01-01T00:01:01.000Z', blocks: 10, error: null },
      { id: 'agent-2', state: 'scrubbing', endedAt: null, bytesPerSecond: 8_388_608 },
    ],
  })
  const { out } = await run(['repair', 'scrub'], { store })
  t.match(out, 'agent-1\tidle\t2\t10\t10485760\t0\t0\t0\t0\t1970-01-01T00:01:01.000Z\n')
  const { out: table } = await run(['repair', 'scrub'], { store, terminal: true })
  t.match(table, /agent\s+state\s+pass/)
  t.match(table, /1\.0 MiB of 10\.\d* ?MiB at 8\.0 MiB\/s/)
})

t.test('damaged blocks that stay, and agents that cannot be asked, exit 8', async t => {
  const store = await filled({})
  store.scrubs = [{ agents: [agent('agent-1', { found: 2, repaired: 1 }, { blocksCorrupt: 1 })] }]
  const damaged = await run(['repair', 'scrub'], { store })
  t.equal(damaged.code, 8)
  t.match(damaged.out, /^agent-1\tdamaged\t/)
  store.scrubs = [{ agents: [agent('agent-1', {}), agent('agent-2', undefined, { error: 'it is down' })] }]
  const down = await run(['repair', 'scrub'], { store })
  t.equal(down.code, 8)
  t.match(down.out, 'agent-2\tunknown')
  t.match(down.err, 'agent-2: it is down')
  t.match((await run(['repair', 'scrub', '--json'], { store })).io.records[0], {
    agents: [{}, { id: 'agent-2', state: 'unknown', error: 'it is down' }],
  })
})

t.test('--now asks all, waits for the end and sums up', async t => {
  const store = await filled({})
  store.scrubs = [
    { agents: [agent('agent-1', {}, { waitFor: 3 }), agent('agent-2', {}, { waitFor: 3 })] },
    { agents: [agent('agent-1', { ...walking, pass: 3 }), agent('agent-2', {})] },
    {
      agents: [
        agent('agent-1', { pass: 3, found: 2, repaired: 2 }),
        agent('agent-2', { ...walking, pass: 3 }),
      ],
    },
    { agents: [agent('agent-1', { pass: 3, found: 2, repaired: 2 }), agent('agent-2', { pass: 3 })] },
  ]
  const done = await run(['repair', 'scrub', '--now'], { store })
  t.equal(done.code, 0)
  t.same(store.calls, ['scrub'])
  t.equal(store.scrubs.length, 1, 'to the end')
  t.match(done.out, /^agent-1\tidle\t3\t10\t10485760\t2\t2\t0\t0\t/)
  t.match(done.out, /checked 20 blocks \(20(\.0)? MiB\) on 2 agents: 2 damaged, 2 repaired\n$/)
  t.match((await run(['repair', 'scrub', '--help'])).out, /--now/)
})

/** Time passes only by waiting. */
class WaitingClock implements Clock {
  ms = 0
  nowMs = (): number => this.ms
  monotonicMs = (): number => this.ms
  soon = (callback: () => void): void => void setImmediate(callback)
  after(ms: number, callback: () => void): () => void {
    let live = true
    setImmediate(() => {
      this.ms += ms
      if (live) callback()
    })
    return () => {
      live = false
    }
  }
}

t.test('an agent that stops answering is given up after a while, one that comes back is not', async t => {
  const clock = new WaitingClock()
  const { signal } = new AbortController()
  const asked: ScrubStatus = {
    agents: [
      agent('a', {}, { waitFor: 3 }),
      agent('b', {}, { waitFor: 3 }),
      agent('c', undefined, { error: 'old' }),
    ],
  }
  const answerAt = (ms: number): ScrubStatus => ({
    agents: [
      ms > 10_000 && ms < 20_000
        ? agent('a', undefined, { error: 'away' })
        : agent('a', ms < 40_000 ? walking : { pass: 3 }),
      ms > 5_000 ? agent('b', undefined, { error: 'gone' }) : agent('b', walking),
      agent('c', {}),
    ],
  })
  const store = { scrubStatus: async () => answerAt(clock.ms) }
  let seen = 0
  const last = await waitForScrub(asked, { store, clock, signal, onStatus: () => seen++ })
  t.match(last.agents, [
    { scrub: { pass: 3 }, error: undefined },
    { error: 'gone' },
    { scrub: {}, error: 'old' },
  ])
  t.ok(clock.ms > 39_000 && clock.ms < 45_000, `${clock.ms} ms`)
  t.ok(seen > 30 && seen < 100)
})

t.test('the wait can be broken off', async t => {
  const clock = new WaitingClock()
  const stop = new AbortController()
  const asked = { agents: [agent('a', {}, { waitFor: 3 })] }
  const store = { scrubStatus: async () => asked }
  const onStatus = (): void => {
    if (clock.ms > 3_000) stop.abort(new Error('enough'))
  }
  await t.rejects(waitForScrub(asked, { store, clock, signal: stop.signal, onStatus }), { message: 'enough' })
})
