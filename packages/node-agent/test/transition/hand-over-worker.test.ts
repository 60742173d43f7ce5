import { makeBallot } from '@torc/cluster/consensus/ballot'
import { keyPartition } from '@torc/cluster/ring/partition'
import { stages } from '@torc/cluster/transition/stage'
import { silentLog } from '@torc/protocol/environment/log'
import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import type { GroupCommit } from '../../src/index/group-commit.js'
import type { AgentLayout } from '../../src/layout/agent-layout.js'
import { type HandOverParts, HandOverWorker } from '../../src/transition/hand-over-worker.js'
import { LeftoverRows } from '../../src/transition/leftover-rows.js'
import { IndexFixture, treeShape } from '../index/index-fixture.js'

const bucketId = new Uint8Array(16).fill(7)
const { partitions } = treeShape

/** A key of a partition, as the ring places it. */
function nameIn(partition: number) {
  for (let n = 0; ; n++) {
    const key = `key-${n}`
    if (keyPartition(systemHasher, bucketId, key, partitions) === partition)
      return { bucketId, key: Buffer.from(key), partition }
  }
}

t.test('with a partition go the intents and votes of its keys, whoever gave them up', async t => {
  const fixture = new IndexFixture(1)
  t.teardown(() => fixture.close())
  const leftovers = new Set([1])
  const layout = {
    ...{ number: 2, stage: stages.settled, partitions, leftovers },
    owns: (partition: number) => partition !== 1,
    handedOver: (partition: number) => leftovers.delete(partition),
  } as unknown as AgentLayout
  const { database, index, ballots, intents } = fixture
  const parts: Partial<HandOverParts> = {
    ...{ layout, index, ballots, intents, nodeId: 'a', log: silentLog },
    rows: new LeftoverRows(database, systemHasher),
    replicasOf: () => 3,
    commit: { submit: async <T>(run: () => T) => fixture.transaction(run) } as unknown as GroupCommit,
  }
  const worker = new HandOverWorker(parts as HandOverParts)
  const [leaves, stays] = [1, 2].map(partition => ({ ...nameIn(partition), opId: fixture.opId() }))
  if (leaves === undefined || stays === undefined) throw new Error('no keys')
  fixture.transaction(() => {
    for (const one of [leaves, stays]) {
      intents.place(one)
      ballots.promise(one, makeBallot(systemRandom, 1))
    }
  })
  const { signal } = new AbortController()
  for (let steps = 0; leftovers.size > 0 && steps < 10; steps++) await worker.step(signal)
  t.equal(leftovers.size, 0, 'an intent holds up nothing')
  t.strictSame(
    [leaves, stays].map(one => intents.has(one)),
    [false, true],
  )
  t.strictSame(
    [leaves, stays].map(one => ballots.find(one) !== undefined),
    [false, true],
  )
  t.equal(await worker.step(signal), 'idle')
})
