import { type Stage, stages } from '@torc/cluster/transition/stage'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { ReleaseWorker } from '../../src/collection/release-worker.js'
import { GroupCommit } from '../../src/index/group-commit.js'
import type { Operation } from '../../src/leases/operation.js'
import { IndexFixture, keyName } from '../index/index-fixture.js'
import { recordingLog } from '../support/recording-log.js'
import { VirtualTime } from '../support/virtual-time.js'

const { signal } = new AbortController()
const blocks = [{ hash: new Uint8Array(32).fill(1), size: 1 }]

/** An owner of keys that has removed a version, and the agent that holds its block. */
async function withRelease() {
  const fixture = new IndexFixture(1)
  const { bucketId, key } = keyName(0)
  const opId = fixture.opId()
  fixture.transaction(() => fixture.intents.place({ bucketId, key, opId }))
  const { summary } = fixture.mint(0, { opId, blocks, size: 1, body: null })
  fixture.merge(0, summary.closed, undefined, [])
  const told: Operation[] = []
  const toldTo: string[] = []
  const [holder = ''] = fixture.releases.agents()
  const layout = { agents: [holder, 'agent-c'], draining: new Set<string>(), stage: stages.settled as Stage }
  let answer = async (): Promise<void> => undefined
  const worker = new ReleaseWorker({
    nodeId: 'agent-a',
    releases: fixture.releases,
    commit: new GroupCommit(fixture.database, new VirtualTime(), []),
    layout,
    others: {
      holdersOf: () => [],
      ask: async () => [],
      async release(agent, operations) {
        toldTo.push(agent)
        told.push(...operations)
        await answer()
      },
    },
    releaseHere: async operations => void told.push(...operations),
    log: recordingLog(),
  })
  const silence = (on: boolean): void => {
    answer = async () => {
      if (on) throw new TorcError('UNREACHABLE', 'down')
    }
  }
  return { fixture, worker, told, toldTo, layout, holder, silence, opId }
}

t.test('a release is told until its agent has it on its disk', async t => {
  const { worker, told, silence, fixture, opId } = await withRelease()
  silence(true)
  t.match(await worker.step(signal), { throttledMs: 100 })
  t.match(await worker.step(signal), { throttledMs: 200 })
  for (let again = 0; again < 10; again++) await worker.step(signal)
  t.match(await worker.step(signal), { throttledMs: 5000 })
  t.match(worker.progress(), /1 releases wait/)
  silence(false)
  t.equal(await worker.step(signal), 'busy')
  t.equal(await worker.step(signal), 'idle')
  t.equal(worker.progress(), 'nothing waits')
  t.ok(told.length > 2)
  for (const one of told) t.same(Buffer.from(one.opId), Buffer.from(opId))
  fixture.close()
})

t.test('what an agent has to hear that has left goes to those that are there', async t => {
  const { worker, toldTo, layout, holder, fixture } = await withRelease()
  layout.agents = ['agent-c', 'agent-d']
  layout.stage = stages.readOld
  layout.draining.add(holder)
  t.equal(await worker.step(signal), 'busy')
  t.same(toldTo, [holder], 'as long as it may have its blocks still, it hears it itself')
  const again = await withRelease()
  again.layout.agents = ['agent-c', 'agent-d']
  t.equal(await again.worker.step(signal), 'busy')
  t.same(again.toldTo.sort(), ['agent-c', 'agent-d'])
  t.equal(await again.worker.step(signal), 'idle')
  t.equal(again.fixture.releases.count(), 0)
  for (const one of [fixture, again.fixture]) one.close()
})
