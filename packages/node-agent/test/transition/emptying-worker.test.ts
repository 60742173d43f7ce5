import { makeBallot } from '@torc/cluster/consensus/ballot'
import { silentLog } from '@torc/protocol/environment/log'
import { systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import type { Hints } from '../../src/hints/hints.js'
import type { GroupCommit } from '../../src/index/group-commit.js'
import type { AgentLayout } from '../../src/layout/agent-layout.js'
import { EmptyingWorker } from '../../src/transition/emptying-worker.js'
import { IndexFixture, keyName } from '../index/index-fixture.js'

t.test('an agent that is taken in anew forgets keys, votes and hints, and only then takes part', async t => {
  const fixture = new IndexFixture(1)
  t.teardown(() => fixture.close())
  const keys = 300
  for (let key = 0; key < keys; key++) fixture.mint(key, {})
  fixture.transaction(() => fixture.ballots.promise(keyName(0), makeBallot(systemRandom, 1)))
  const hinted = [1, 2, 3]
  let mustForget = false
  const layout = {
    number: 2,
    get mustForget() {
      return mustForget
    },
    rejoin: () => {
      mustForget = false
    },
  } as unknown as AgentLayout
  const hints = {
    counts: { targets: () => (hinted.length > 0 ? ['b'] : []) },
    keys: { next: () => hinted.slice(0, 2), remove: () => hinted.shift() },
    blocks: { next: () => [], delivered: () => undefined },
    delivered: { remove: () => undefined },
  } as unknown as Hints
  const commit = { submit: async <T>(run: () => T) => fixture.transaction(run) } as unknown as GroupCommit
  const { database, index, ballots } = fixture
  const worker = new EmptyingWorker({ database, layout, index, hints, ballots, commit, log: silentLog })
  const { signal } = new AbortController()
  t.equal(await worker.step(signal), 'idle', 'nothing to do')
  mustForget = true
  for (let steps = 0; mustForget && steps < 20; steps++) t.equal(await worker.step(signal), 'busy')
  t.equal(mustForget, false)
  t.equal(hinted.length, 0)
  t.equal(database.prepare('SELECT count(*) FROM keys').pluck().get(), 0)
  t.equal(database.prepare('SELECT count(*) FROM versions').pluck().get(), 0)
  t.equal(ballots.find(keyName(0)), undefined)
  fixture.checkCountsAnew()
  fixture.checkTrees()
  const dot = fixture.mint(0, {})
  t.equal(dot.version.after < dot.version.dot.counter && dot.version.after > 0, true, 'comes after what went')
})
