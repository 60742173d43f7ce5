import { type Ballot, noBallot } from '@torc/cluster/consensus/ballot'
import { type AcceptorState, accept, promise } from '@torc/cluster/consensus/single-decree'
import { type Epoch, encodeEpoch, firstParentHash } from '@torc/cluster/ring/epoch'
import { assignTable } from '@torc/cluster/ring/table'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import type { Coordination } from '../../src/core/coordination.js'
import { decideEpoch } from '../../src/layout/decide-epoch.js'
import { Layout } from '../../src/layout/layout.js'
import { fakeEnvironment } from '../fakes/fake-environment.js'

const agents = ['a', 'b', 'c'].map(id => ({ id, zone: '', capacity: 1 }))
const table = assignTable(agents, { partitions: 16, replicas: 3 })
const epoch: Epoch = { number: 1, parentHash: firstParentHash, lineage: 'test', agents, table }
const value = (capacity: number): Uint8Array =>
  encodeEpoch({ ...epoch, number: 2, agents: agents.map(one => ({ ...one, capacity })) })

interface Request {
  readonly ballot: Ballot
  readonly epoch?: Uint8Array
}

/** Agents that vote, on memory alone; `down` do not answer. */
function voters(seed: number) {
  const environment = fakeEnvironment(seed)
  const down = new Set<string>()
  const states = new Map<string, AcceptorState<Uint8Array>>()
  const request = async (agent: string, name: string, head: Request) => {
    await new Promise(setImmediate)
    if (down.has(agent)) throw new TorcError('UNREACHABLE', 'gone')
    const state = states.get(agent) ?? { promised: noBallot, accepted: undefined, value: undefined }
    const after =
      name === 'prepareEpoch'
        ? promise(state, head.ballot)
        : accept(state, head.ballot, head.epoch ?? new Uint8Array())
    if (after !== undefined) states.set(agent, after)
    const { promised, accepted, value: last } = after ?? state
    return { head: { promised, accepted, epoch: last } }
  }
  const c = { environment: { ...environment, clock: soon }, agents: { request } } as unknown as Coordination
  const layout = new Layout({ epoch, previous: undefined, stage: 3 }, environment.hasher)
  return { c, layout, down }
}

/** Pauses of racing proposers take no time here. */
const soon = { after: (_ms: number, run: () => void) => void setImmediate(run) }

t.test('of layouts that are applied at once all get the same one', async t => {
  for (let seed = 1; seed <= 20; seed++) {
    const { c, layout } = voters(seed)
    const chosen = await Promise.all([5, 6, 7].map(capacity => decideEpoch(c, layout, value(capacity))))
    t.same(new Set(chosen.map(one => Buffer.from(one).toString('hex'))).size, 1)
    t.same(await decideEpoch(c, layout, value(8)), chosen[0], 'and so does who comes later')
  }
})

t.test('a majority decides, and nothing less', async t => {
  const { c, layout, down } = voters(1)
  down.add('a')
  const first = await decideEpoch(c, layout, value(5))
  down.add('b')
  await t.rejects(decideEpoch(c, layout, value(6)), { code: 'UNAVAILABLE', message: /1 of 2/ })
  down.clear()
  down.add('c')
  t.same(await decideEpoch(c, layout, value(6)), first)
})
