import type { AgentRepair, RepairInfo } from '@torc/protocol/store/repair'
import t from 'tap'
import { filled, run } from '../doubles/run.js'

const level: RepairInfo = {
  ...{ pass: 2, running: false, asked: true, beganAt: new Date(1_000), endedAt: new Date(61_000) },
  ...{
    partitions: 512,
    partitionsTotal: 512,
    unreachable: 0,
    different: 0,
    keysRepaired: 0,
    blocksRepaired: 0,
  },
}

function agent(
  id: string,
  repair: Partial<RepairInfo> | undefined,
  more: Partial<AgentRepair> = {},
): AgentRepair {
  return {
    ...{ id, repair: repair === undefined ? undefined : { ...level, ...repair } },
    ...{ waitFor: undefined, error: undefined },
    ...more,
  }
}

const running = { running: true, endedAt: undefined, partitions: 100 }

t.test('repair show tells how it is, and asks nobody to begin', async t => {
  const store = await filled({})
  store.repairs = [
    { agents: [agent('agent-1', { different: 3, keysRepaired: 2 }), agent('agent-2', running)] },
  ]
  const shown = await run(['repair', 'show', '--json'], { store })
  t.equal(shown.code, 0)
  t.same(store.calls, [])
  t.match(shown.io.records[0], {
    ...{ unreachable: 0, different: 3, keysRepaired: 2, blocksRepaired: 0 },
    agents: [
      { id: 'agent-1', state: 'idle', pass: 2, endedAt: '1970-01-01T00:01:01.000Z', error: null },
      { id: 'agent-2', state: 'running', endedAt: null, partitions: 100, partitionsTotal: 512 },
    ],
  })
  const { out } = await run(['repair', 'show'], { store })
  t.match(out, 'agent-1\tidle\t2\t512/512\t0\t3\t2\t0\t1970-01-01T00:01:01.000Z\n')
  store.repairs = [{ agents: [agent('agent-1', undefined, { error: 'it is down' })] }]
  const down = await run(['repair', 'show'], { store })
  t.equal(down.code, 8)
  t.match(down.out, 'agent-1\tunknown')
  t.match(down.err, 'agent-1: it is down')
})

t.test('repair run begins it; --wait waits for the end and sums up', async t => {
  const store = await filled({})
  const asked = { agents: [agent('agent-1', {}, { waitFor: 3 }), agent('agent-2', {}, { waitFor: 3 })] }
  store.repairs = [asked]
  t.equal((await run(['repair', 'run'], { store })).code, 0)
  t.same(store.calls, ['repair'])
  store.repairs = [
    asked,
    { agents: [agent('agent-1', { ...running, pass: 3 }), agent('agent-2', {})] },
    { agents: [agent('agent-1', { pass: 3 }), agent('agent-2', { ...running, pass: 3 })] },
    { agents: [agent('agent-1', { pass: 3, different: 4, keysRepaired: 3 }), agent('agent-2', { pass: 3 })] },
  ]
  const done = await run(['repair', 'run', '--wait'], { store })
  t.equal(done.code, 0)
  t.equal(store.repairs.length, 1, 'to the end')
  t.match(done.out, /^agent-1\tidle\t3\t512\/512\t0\t4\t3\t0\t/)
  t.match(
    done.out,
    /compared 1,024 replicas of partitions on 2 agents: 4 keys and blocks different, 3 keys and 0 blocks repaired\n$/,
  )
})

t.test('what could not be compared exits 8, and so does an agent that was started again', async t => {
  const store = await filled({})
  const asked = { agents: [agent('agent-1', {}, { waitFor: 3 })] }
  store.repairs = [asked, { agents: [agent('agent-1', { pass: 3, unreachable: 7 })] }]
  const apart = await run(['repair', 'run', '--wait'], { store })
  t.equal(apart.code, 8)
  t.match(apart.out, /7 could not be compared/)
  store.repairs = [asked, { agents: [agent('agent-1', { pass: 1 })] }]
  const again = await run(['repair', 'run', '--wait', '--json'], { store })
  t.equal(again.code, 8)
  t.match(again.io.records[0], { agents: [{ error: /started again/ }] })
})
