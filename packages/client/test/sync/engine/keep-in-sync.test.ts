import { setImmediate as turn } from 'node:timers/promises'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { SyncEngine } from '../../../src/sync/engine/engine.js'
import { keepInSync } from '../../../src/sync/engine/keep-in-sync.js'
import type { SyncReport } from '../../../src/sync/engine/report.js'
import { Journal } from '../../../src/sync/journal/journal.js'
import { ManualClock } from '../../doubles/manual-clock.js'
import { seededRandom } from '../../doubles/seeded-random.js'
import { SimulatedFolder } from '../simulated-folder.js'
import { SimulatedRemote } from '../simulated-remote.js'
import type { CallFaults } from '../simulated-remote-folder.js'

const clock = new ManualClock()
const random = seededRandom(7)

/** Lets virtual time pass until `holds`; fails after an hour of it. */
async function until(holds: () => boolean): Promise<void> {
  for (let step = 0; step < 36_000; step++) {
    if (holds()) return
    clock.pass(100)
    await turn()
  }
  throw new Error('it does not happen')
}

interface Kept {
  readonly folder: SimulatedFolder
  readonly reports: SyncReport[]
  readonly troubles: TorcError[]
  end(): Promise<void>
}

function keep(remote: SimulatedRemote, name: string, faults: CallFaults = {}, losesMark = () => false): Kept {
  const folder = new SimulatedFolder({ losesMark })
  const journal = Journal.open(':memory:')
  const view = remote.folder(name, faults)
  const stop = new AbortController()
  const engine = new SyncEngine(folder, view, journal, { random, signal: stop.signal })
  const [reports, troubles] = [[] as SyncReport[], [] as TorcError[]]
  const done = keepInSync(engine, folder, view, {
    environment: { clock, random },
    intervalMs: 10_000,
    signal: stop.signal,
    onRun: report => void reports.push(report),
    onTrouble: error => void troubles.push(error),
  })
  const end = async (): Promise<void> => {
    stop.abort()
    await done
    journal.close()
  }
  return { folder, reports, troubles, end }
}

t.test('what one writes is soon in the other folder, long before the interval ends', async t => {
  const remote = new SimulatedRemote({ clock, random })
  const [a, b] = [keep(remote, 'a'), keep(remote, 'b')]
  await until(() => a.reports.length > 0 && b.reports.length > 0)
  const began = clock.nowMs()
  a.folder.userWrite('notes/today.txt', 'one')
  await until(() => b.folder.userRead('notes/today.txt') === 'one')
  t.ok(clock.nowMs() - began < 2_000, `it took ${clock.nowMs() - began} ms of virtual time`)
  b.folder.userRemove('notes/today.txt')
  await until(() => a.folder.userRead('notes/today.txt') === undefined)
  await a.end()
  await b.end()
})

t.test('a file that is made and then written to waits no longer than one that is made whole', async t => {
  const remote = new SimulatedRemote({ clock, random })
  const a = keep(remote, 'a')
  await until(() => a.reports.length > 0)
  for (let i = 0; i < 10; i++) await turn()
  const began = clock.nowMs()
  a.folder.userWrite('new.txt', '')
  await turn()
  a.folder.userWrite('new.txt', 'one')
  await until(() => remote.texts().get('new.txt') === 'one')
  t.equal(clock.nowMs() - began, 200, 'the rest, in steps of 100 ms')
  await a.end()
})

t.test('a mark that is lost is made up for by the interval', async t => {
  const remote = new SimulatedRemote({ clock, random })
  const a = keep(remote, 'a', {}, () => true)
  await until(() => a.reports.length > 0)
  a.folder.userWrite('lost.txt', 'one')
  await until(() => remote.texts().get('lost.txt') === 'one')
  t.pass('it arrived')
  await a.end()
})

t.test('after very many marks all is looked at: the system may have dropped some', async t => {
  const remote = new SimulatedRemote({ clock, random })
  let loses = false
  const a = keep(remote, 'a', {}, () => loses)
  await until(() => a.reports.length > 0)
  const began = clock.nowMs()
  loses = true
  a.folder.userWrite('dropped.txt', 'one')
  loses = false
  for (let i = 0; i < 8_000; i++) a.folder.userWrite('log.txt', `${i}`)
  await until(() => remote.texts().get('dropped.txt') === 'one')
  t.ok(clock.nowMs() - began < 5_000, `it took ${clock.nowMs() - began} ms of virtual time`)
  await a.end()
})

t.test('a save by rename is one version', async t => {
  const remote = new SimulatedRemote({ clock, random })
  const a = keep(remote, 'a')
  a.folder.userWrite('text.txt', 'one')
  await until(() => remote.texts().get('text.txt') === 'one')
  // As editors do: a new file beside it, the old one away, the new one under its name.
  a.folder.userWrite('.text.txt.new', 'two')
  a.folder.userRename('text.txt', 'text.txt~')
  a.folder.userRename('.text.txt.new', 'text.txt')
  a.folder.userRemove('text.txt~')
  await until(() => remote.texts().get('text.txt') === 'two')
  await until(() => a.reports.length > 5)
  t.equal(remote.history('text.txt').length, 2)
  t.strictSame([...remote.texts().keys()], ['text.txt'])
  await a.end()
})

t.test('trouble that may pass is waited out, and nothing that was marked is forgotten', async t => {
  const remote = new SimulatedRemote({ clock, random })
  let online = true
  const a = keep(remote, 'a', {
    beforeCall: () => {
      if (!online) throw new TorcError('UNREACHABLE', 'no network')
    },
  })
  await until(() => a.reports.length > 0)
  online = false
  a.folder.userWrite('offline.txt', 'one')
  await until(() => a.troubles.length > 3)
  t.equal(remote.texts().size, 0)
  online = true
  await until(() => remote.texts().get('offline.txt') === 'one')
  await a.end()
})

t.test('what does not pass ends it', async t => {
  const remote = new SimulatedRemote({ clock, random })
  const folder = new SimulatedFolder()
  folder.rootGone = true
  const journal = Journal.open(':memory:')
  const view = remote.folder('a')
  const engine = new SyncEngine(folder, view, journal, { random })
  const keeping = keepInSync(engine, folder, view, {
    environment: { clock, random },
    intervalMs: 10_000,
    signal: new AbortController().signal,
    onRun: () => {},
    onTrouble: () => {},
  })
  await t.rejects(keeping, { code: 'SYNC_ROOT_GONE' })
  journal.close()
})
