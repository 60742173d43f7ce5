import type { Clock } from '@torc/protocol/environment/clock'
import { systemClock } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { ClusterStatus } from '@torc/protocol/store/admin'
import t from 'tap'
import { Health } from '../../src/http/health.js'

function clockAt(time: { ms: number }): Clock {
  return { ...systemClock, monotonicMs: () => time.ms }
}

function status(epoch: number, ...states: ('alive' | 'down')[]): ClusterStatus {
  const members = states.map((state, index) => ({
    ...({
      id: `agent-${index}`,
      name: '',
      role: 'agent',
      address: '',
      zone: '',
      state,
      capacity: 1,
    } as const),
    ...{ usedBytes: 0, partitions: 0, keys: 0, versions: 0, blocks: 0 },
  }))
  return { epoch, partitions: 256, replicas: 3, healthy: true, problems: [], members, buckets: 0 }
}

t.test('a store that answers is available; one answer serves for a moment', async t => {
  const time = { ms: 0 }
  let asked = 0
  const health = new Health(async () => {
    asked++
    return status(3, 'alive', 'down')
  }, clockAt(time))
  t.strictSame(await health.report(), {
    available: true,
    epoch: 3,
    agents: { alive: 1, total: 2 },
    healthy: true,
  })
  await health.report()
  t.equal(asked, 1)
  time.ms = 10_000
  await health.report()
  t.equal(asked, 2)
})

t.test('it is not available without an answer, a layout or an agent', async t => {
  const report = (answer: ClusterStatus | Error) =>
    new Health(
      async () => {
        if (answer instanceof Error) throw answer
        return answer
      },
      clockAt({ ms: 0 }),
    ).report()
  t.match(await report(new TorcError('UNREACHABLE', 'nobody there')), {
    available: false,
    reason: 'nobody there',
  })
  t.match(await report(status(0, 'alive')), { available: false, reason: /no layout/ })
  t.match(await report(status(1, 'down')), { available: false, reason: /no agent/ })
})
