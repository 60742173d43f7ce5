import { makeBallot } from '@torc/cluster/consensus/ballot'
import { decodeEpoch, encodeEpoch, epochHash } from '@torc/cluster/ring/epoch'
import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { GroupCommit } from '../../src/index/group-commit.js'
import { migrateIndex } from '../../src/index/schema.js'
import { AgentLayout } from '../../src/layout/agent-layout.js'
import { EpochBallots } from '../../src/layout/epoch-ballots.js'
import { firstEpoch } from '../support/agent-harness.js'
import { ManualClock } from '../support/manual-clock.js'

const ids = ['a-00000000', 'b-00000000']
const record = firstEpoch(ids, 1)
const first = decodeEpoch(record)
const parent = epochHash(systemHasher, first)
const second = encodeEpoch({ ...first, number: 2, parentHash: parent })
const next = { number: 2, parent }
const ballot = (round: number) => makeBallot(systemRandom, round)

function opened(nodeId = ids[0] ?? '') {
  const database = new MemoryDisk().openDatabase('x')
  migrateIndex(database, 'memory')
  const layout = new AgentLayout(database, nodeId, systemHasher)
  const clock = new ManualClock()
  const commit = new GroupCommit(database, clock, [layout])
  const run = async <T>(what: () => T): Promise<T> => {
    const done = commit.submit(what)
    clock.endTurn()
    return await done
  }
  return { database, layout, run, ballots: new EpochBallots(database, nodeId, layout, systemHasher) }
}

t.test('a vote is kept, and a lower ballot refused', async t => {
  const { database, layout, run, ballots } = opened()
  await run(() => layout.store({ record }))
  const [low, high] = [ballot(1), ballot(2)]
  t.same((await run(() => ballots.prepare(next, high))).promised, high)
  t.same((await run(() => ballots.prepare(next, low))).promised, high, 'refused')
  t.same((await run(() => ballots.accept(next, low, second))).accepted, undefined, 'refused')
  t.same((await run(() => ballots.accept(next, high, second))).accepted, high)
  const again = new EpochBallots(database, ids[0] ?? '', layout, systemHasher)
  const { accepted, value } = await run(() => again.prepare(next, ballot(3)))
  t.same([accepted, Buffer.from(value ?? [])], [high, Buffer.from(second)], 'also by the next process')
})

t.test('only an agent of the settled layout votes, on the one after it', async t => {
  const { layout, run, ballots } = opened()
  const prepare = (number = 2) => run(() => ballots.prepare({ ...next, number }, ballot(1)))
  await t.rejects(prepare(), { code: 'NOT_OWNER' })
  await run(() => layout.store({ record }))
  await t.rejects(prepare(3), { code: 'STALE_EPOCH' })
  await t.rejects(
    run(() => ballots.accept(next, ballot(1), record)),
    { code: 'BAD_REQUEST' },
  )
  await run(() => layout.leave(1, 'why'))
  await t.rejects(prepare(), { code: 'UNAVAILABLE' })
  const stranger = opened('z-00000000')
  await stranger.run(() => stranger.layout.store({ record }))
  await t.rejects(
    stranger.run(() => stranger.ballots.prepare(next, ballot(1))),
    { code: 'NOT_OWNER' },
  )
  const changing = opened()
  await changing.run(() => changing.layout.store({ record }))
  await changing.run(() => changing.layout.store({ record: second, previous: record, stage: 1 }))
  const third = { number: 3, parent: epochHash(systemHasher, decodeEpoch(second)) }
  await t.rejects(
    changing.run(() => changing.ballots.prepare(third, ballot(1))),
    { code: 'UNAVAILABLE', message: /stage 1/ },
  )
  await changing.run(() => changing.layout.advance({ number: 2, stage: 3 }))
  await changing.run(() => changing.ballots.prepare(third, ballot(1)))
})

t.test('a stage only rises; an earlier one is refused, also inside a transaction', async t => {
  const { database, layout, run } = opened()
  await run(() => layout.store({ record }))
  await run(() => layout.store({ record: second, previous: record, stage: 1 }))
  layout.checkEpoch(2, 1)
  layout.checkEpoch(2, 3)
  await run(() => layout.advance({ number: 2, stage: 2 }))
  await run(() => layout.store({ record: second, stage: 1 }))
  t.equal(layout.stage, 2)
  t.throws(() => layout.checkEpoch(2, 1), { code: 'STALE_EPOCH' })
  await t.rejects(
    run(() => layout.checkStill(2, 1)),
    { code: 'STALE_EPOCH' },
  )
  await run(() => {
    layout.advance({ number: 2, stage: 3 })
    t.throws(() => layout.checkStill(2, 2), { code: 'STALE_EPOCH' }, 'what this transaction brings counts')
  })
  t.equal(new AgentLayout(database, ids[0] ?? '', systemHasher).stage, 3, 'and after a restart')
})
