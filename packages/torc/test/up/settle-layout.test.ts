import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'
import type { ClusterStatus, LayoutInfo, MemberStatus } from '@torc/protocol/store/admin'
import t from 'tap'
import { settleLayout } from '../../src/up/settle-layout.js'

/** Time passes only by waiting. */
class VirtualClock implements Clock {
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

const agent = (n: number, state: MemberStatus['state'] = 'alive'): MemberStatus => ({
  ...{ id: `agent-${n}`, name: `agent-${n}`, role: 'agent', address: '', zone: '', state, capacity: 1 },
  ...{ usedBytes: 0, partitions: 0, keys: 0, versions: 0, blocks: 0 },
})

const status = (members: MemberStatus[], epoch: number): ClusterStatus => ({
  ...{ epoch, partitions: 256, replicas: 3, healthy: true, problems: [], members, buckets: 0 },
})

function storeOf(answers: (ClusterStatus | TorcError)[]) {
  const made: unknown[] = []
  return {
    made,
    async status(): Promise<ClusterStatus> {
      const answer = answers.length > 1 ? answers.shift() : answers[0]
      if (answer === undefined || answer instanceof TorcError) throw answer
      return answer
    },
    async initLayout(options?: object): Promise<LayoutInfo> {
      made.push(options)
      return { epoch: 1, partitions: 256, replicas: 3, agents: [] }
    },
  }
}

const never = new AbortController().signal

t.test('the first layout is made once all agents are known', async t => {
  const store = storeOf([
    new TorcError('UNREACHABLE', 'not yet'),
    status([agent(1)], 0),
    status([agent(1), agent(2, 'down')], 0),
    status([agent(1), agent(2)], 0),
  ])
  await settleLayout(store, 2, new VirtualClock(), never)
  t.match(store.made, [{ agents: 2, replicas: 2 }])
})

t.test('more agents than copies', async t => {
  const store = storeOf([
    status(
      [1, 2, 3, 4, 5].map(n => agent(n)),
      0,
    ),
  ])
  await settleLayout(store, 5, new VirtualClock(), never)
  t.match(store.made, [{ agents: 5, replicas: 3 }])
})

t.test('a layout that is there stays', async t => {
  const store = storeOf([status([agent(1)], 7)])
  await settleLayout(store, 1, new VirtualClock(), never)
  t.strictSame(store.made, [])
})

t.test('a layout that the server did not know yet stays too', async t => {
  const agents = [agent(1), agent(2)]
  const store = {
    ...storeOf([status(agents, 0), status(agents, 7)]),
    initLayout: async () => {
      throw new TorcError('CONFLICT', 'the layout has 1 replicas, not 2')
    },
  }
  await t.resolves(settleLayout(store, 2, new VirtualClock(), never))
})

t.test('it gives up with the last reason, and at once where waiting is of no use', async t => {
  await t.rejects(settleLayout(storeOf([status([agent(1)], 0)]), 2, new VirtualClock(), never), {
    code: 'UNAVAILABLE',
    message: /1 of 2 agents/,
  })
  const denied = storeOf([new TorcError('DENIED', 'no')])
  await t.rejects(settleLayout(denied, 2, new VirtualClock(), never), { code: 'DENIED' })
})

t.test('it can be stopped', async t => {
  const stop = new AbortController()
  const waiting = settleLayout(storeOf([status([], 0)]), 1, new VirtualClock(), stop.signal)
  stop.abort(new TorcError('INTERRUPTED', 'enough'))
  await t.rejects(waiting, { code: 'INTERRUPTED' })
})
