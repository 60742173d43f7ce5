import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { type EngineOptions, SyncEngine } from '../../../src/sync/engine/engine.js'
import { Journal } from '../../../src/sync/journal/journal.js'
import { ManualClock } from '../../doubles/manual-clock.js'
import { seededRandom } from '../../doubles/seeded-random.js'
import { SimulatedFolder } from '../simulated-folder.js'
import { SimulatedRemote } from '../simulated-remote.js'
import type { CallFaults, RemoteCall } from '../simulated-remote-folder.js'

function world() {
  const random = seededRandom(3)
  const remote = new SimulatedRemote({ clock: new ManualClock(), random })
  return { random, remote, folder: new SimulatedFolder(), journal: Journal.open(':memory:') }
}

type World = ReturnType<typeof world>

/** A process over the folder and the journal, which outlive it. */
function start(
  { folder, remote, journal, random }: World,
  faults: CallFaults = {},
  options: Partial<EngineOptions> = {},
): SyncEngine {
  return new SyncEngine(folder, remote.folder('me', faults), journal, { random, ...options })
}

t.test(
  'an upload whose answer nobody heard is found to be our own, and edited on without a conflict',
  async t => {
    const w = world()
    w.folder.userWrite('a.txt', 'one')
    const dies: CallFaults = {
      afterCall(call: RemoteCall, name: string) {
        if (call === 'write' && name === 'a.txt') throw new TorcError('UNREACHABLE', 'killed')
      },
    }
    await t.rejects(start(w, dies).run('all'), { code: 'UNREACHABLE' })
    t.equal(w.remote.history('a.txt').length, 1)
    w.folder.userWrite('a.txt', 'two')
    const report = await start(w).run('all')
    t.strictSame(report.conflicts, [])
    t.strictSame([...w.remote.texts()], [['a.txt', 'two']])
    t.equal(w.remote.history('a.txt').length, 2)
    w.journal.close()
  },
)

t.test('an upload that nobody heard of is known again in what another client made of it', async t => {
  const w = world()
  w.folder.userWrite('a.txt', 'one')
  const dies: CallFaults = {
    afterCall(call: RemoteCall) {
      if (call === 'write') throw new TorcError('UNREACHABLE', 'killed')
    },
  }
  await t.rejects(start(w, dies).run('all'), { code: 'UNREACHABLE' })
  const entry = w.remote.entry('a.txt')
  const [head] = entry?.heads ?? []
  if (entry === undefined || head === undefined) throw new Error('it is not in the store')
  // As a conflict is resolved: the same content again, over all heads.
  const from = { name: 'a.txt', versionId: head.versionId }
  const options = { mtimeMs: head.mtimeMs, context: entry.context, opId: w.random.bytes(16) }
  await w.remote.folder('other').copy(from, 'a.txt', head.content, options)
  w.folder.userWrite('a.txt', 'two')
  const { conflicts } = await start(w).run('all')
  t.strictSame(conflicts, [])
  t.strictSame([...w.remote.texts()], [['a.txt', 'two']])
  w.journal.close()
})

t.test('each name that is found is told once', async t => {
  const w = world()
  for (let i = 0; i < 50; i++) w.folder.userWrite(`${i}.txt`, 'one')
  const told: number[] = []
  const engine = start(w, {}, { observer: { onFound: names => void told.push(names) } })
  const found = () => told.reduce((sum, names) => sum + names, 0)
  await engine.run('all')
  t.equal(found(), 50)
  await engine.run('all')
  t.equal(found(), 100)
  w.journal.close()
})

t.test('the same upload comes again under its own operation id', async t => {
  const w = world()
  w.folder.userWrite('a.txt', 'one')
  let failures = 1
  const once: CallFaults = {
    afterCall(call: RemoteCall) {
      if (call === 'write' && failures-- > 0) throw new TorcError('INDETERMINATE', 'nobody knows')
    },
  }
  const report = await start(w, once).run('all')
  t.strictSame(report.left, [])
  t.equal(w.remote.history('a.txt').length, 1)
  w.journal.close()
})

t.test('most of the files gone: it asks, and does nothing', async t => {
  const w = world()
  for (let i = 0; i < 12; i++) w.folder.userWrite(`f${i}`, `text ${i}`)
  await start(w).run('all')
  for (let i = 0; i < 10; i++) w.folder.userRemove(`f${i}`)
  w.folder.userWrite('new', 'text')
  await t.rejects(start(w).run('all'), { code: 'SYNC_NEEDS_DECISION', message: /10 of 12 synced files/ })
  t.equal(w.remote.texts().size, 12)
  await start(w, {}, { yesDelete: true }).run('all')
  t.equal(w.remote.texts().size, 3)
  w.journal.close()
})

t.test('most of the files gone in the store: it asks likewise', async t => {
  const w = world()
  for (let i = 0; i < 12; i++) w.folder.userWrite(`f${i}`, `text ${i}`)
  await start(w).run('all')
  for (let i = 0; i < 10; i++) w.remote.delete(`f${i}`)
  await t.rejects(start(w).run('all'), { code: 'SYNC_NEEDS_DECISION' })
  t.equal(w.folder.userList().length, 12)
  await start(w, {}, { yesDelete: true }).run('all')
  t.equal(w.folder.userList().length, 2)
  w.journal.close()
})

t.test(
  'a folder that is emptied bit by bit between two scans: it asks before most of it is gone',
  async t => {
    const w = world()
    for (let i = 0; i < 40; i++) w.folder.userWrite(`f${i}`, `text ${i}`)
    const engine = start(w)
    await engine.run('all')
    const removeFive = async (from: number): Promise<void> => {
      const names = Array.from({ length: 5 }, (_, i) => `f${from + i}`)
      for (const name of names) w.folder.userRemove(name)
      await engine.run(names)
    }
    for (const from of [0, 5, 10, 15]) await removeFive(from)
    await t.rejects(removeFive(20), { code: 'SYNC_NEEDS_DECISION', message: /25 of 40 synced files/ })
    t.equal(w.remote.texts().size, 20)
    w.journal.close()
  },
)

t.test('a folder that is moved is copied in the store, and no bytes are sent', async t => {
  const w = world()
  const sent: string[] = []
  const watching: CallFaults = { beforeCall: (call, name) => void (call === 'write' && sent.push(name)) }
  const engine = start(w, watching)
  w.folder.userWrite('d/x', 'one')
  w.folder.userWrite('d/y', 'two')
  await engine.run('all')
  sent.length = 0
  w.folder.userRename('d', 'e')
  await engine.run('all')
  t.strictSame(sent, ['e/'], 'only the folder itself, which has no bytes')
  t.strictSame([...w.remote.texts().keys()], ['e/', 'e/x', 'e/y'])
  w.journal.close()
})

t.test('own writes that the feed tells cost no look', async t => {
  const w = world()
  const looks: string[] = []
  const engine = start(w, { beforeCall: (call, name) => void (call === 'look' && looks.push(name)) })
  await engine.run('all')
  for (let i = 0; i < 20; i++) w.folder.userWrite(`f${i}`, `text ${i}`)
  await engine.run('all')
  await engine.run('all')
  t.strictSame(looks, [])
  w.journal.close()
})

t.test('a step that fails is told, and done in the next run', async t => {
  const w = world()
  w.folder.userWrite('good', 'one')
  w.folder.userWrite('bad', 'two')
  let broken = true
  const engine = start(w, {
    beforeCall(call, name) {
      if (broken && call === 'write' && name === 'bad') throw new TorcError('TOO_LARGE', 'it is too large')
    },
  })
  const report = await engine.run('all')
  t.match(report.left, [{ name: 'bad', message: 'it is too large' }])
  t.strictSame([...w.remote.texts().keys()], ['good'])
  broken = false
  t.strictSame((await engine.run([])).left, [])
  t.equal(w.remote.texts().get('bad'), 'two')
  w.journal.close()
})

t.test('ignored names are left alone on both sides, and come when the rules change', async t => {
  const w = world()
  const engine = start(w)
  w.folder.userWrite('.torcignore', '*.tmp\n')
  w.folder.userWrite('here.tmp', 'one')
  w.remote.put('there.tmp', 'two')
  await engine.run('all')
  t.strictSame(w.folder.userList(), ['.torcignore', 'here.tmp'])
  t.notOk(w.remote.texts().has('here.tmp'))
  w.folder.userWrite('.torcignore', '\n')
  await engine.run('all')
  t.equal(w.folder.userRead('there.tmp'), 'two')
  t.equal(w.remote.texts().get('here.tmp'), 'one')
  // Ignored again: forgotten, and deleted nowhere.
  w.folder.userWrite('.torcignore', '*.tmp\n')
  await engine.run('all')
  w.folder.userRemove('here.tmp')
  await engine.run('all')
  t.equal(w.remote.texts().get('here.tmp'), 'one')
  w.journal.close()
})

t.test('what a plan would do is told without doing it', async t => {
  const w = world()
  w.folder.userWrite('a', 'one')
  w.remote.put('b', 'two')
  const plan = await start(w).preview()
  t.strictSame(plan.steps.map(({ does, name }) => `${does} ${name}`).sort(), ['download b', 'upload a'])
  t.strictSame([w.folder.userList(), [...w.remote.texts().keys()]], [['a'], ['b']])
  w.journal.close()
})
