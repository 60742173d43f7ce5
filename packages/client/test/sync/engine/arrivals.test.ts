import { TorcError } from '@torc/protocol/errors'
import t, { type Test } from 'tap'
import { SyncEngine } from '../../../src/sync/engine/engine.js'
import { Journal } from '../../../src/sync/journal/journal.js'
import { ManualClock } from '../../doubles/manual-clock.js'
import { seededRandom } from '../../doubles/seeded-random.js'
import { SimulatedFolder } from '../simulated-folder.js'
import { SimulatedRemote } from '../simulated-remote.js'

function world() {
  const random = seededRandom(3)
  const remote = new SimulatedRemote({ clock: new ManualClock(), random })
  const [mine, other] = [new SimulatedFolder(), new SimulatedFolder()]
  const journals = [Journal.open(':memory:'), Journal.open(':memory:')] as const
  const engine = (name: string, folder: SimulatedFolder, journal: Journal) =>
    new SyncEngine(folder, remote.folder(name), journal, { random, yesDelete: true })
  const theirs = engine('other', other, journals[1])
  return {
    ...{ remote, mine, other, theirs },
    start: () => engine('me', mine, journals[0]),
    close: () => journals.forEach(journal => void journal.close()),
  }
}

/** The process is killed when the change has been made in the folder, and before anybody was told. */
async function killedAfter(t: Test, w: ReturnType<typeof world>, change: 'write' | 'makeFolder') {
  const { mine } = w
  const made = mine[change].bind(mine) as (...args: unknown[]) => Promise<unknown>
  Object.assign(mine, {
    [change]: async (...args: unknown[]) => {
      await made(...args)
      throw new TorcError('UNREACHABLE', 'killed')
    },
  })
  await t.rejects(w.start().run('all'), { code: 'UNREACHABLE' })
  Object.assign(mine, { [change]: made })
}

t.test('a file that came before the kill, and was edited in the store since, is no edit of ours', async t => {
  const w = world()
  w.other.userWrite('a.txt', 'one')
  await w.theirs.run('all')
  await killedAfter(t, w, 'write')
  t.equal(w.mine.userRead('a.txt'), 'one')
  w.other.userWrite('a.txt', 'two')
  await w.theirs.run('all')
  const { conflicts, uploaded } = await w.start().run('all')
  t.strictSame([conflicts, uploaded], [[], 0])
  t.equal(w.mine.userRead('a.txt'), 'two')
  t.strictSame([...w.remote.texts()], [['a.txt', 'two']])
  w.close()
})

t.test('what came before the kill, and was deleted in the store since, does not come back', async t => {
  for (const [change, path] of [
    ['write', 'a.txt'],
    ['makeFolder', 'd'],
  ] as const) {
    const w = world()
    if (change === 'write') w.other.userWrite(path, 'one')
    else w.other.userMakeFolder(path)
    await w.theirs.run('all')
    await killedAfter(t, w, change)
    t.equal(w.mine.userList().length, 1)
    w.other.userRemove(path)
    await w.theirs.run('all')
    await w.start().run('all')
    t.strictSame([w.mine.userList(), [...w.remote.texts()]], [[], []], path)
    w.close()
  }
})

t.test('what a person did to it before the next start is an edit, and stays', async t => {
  const w = world()
  w.other.userWrite('a.txt', 'one')
  await w.theirs.run('all')
  await killedAfter(t, w, 'write')
  w.mine.userWrite('a.txt', 'mine')
  w.other.userWrite('a.txt', 'two')
  await w.theirs.run('all')
  await w.start().run('all')
  t.strictSame([...w.remote.texts().values()].sort(), ['mine', 'two'])
  w.close()
})

t.test(
  'what came before the kill, and is not in the store after a reset, was not thereby deleted',
  async t => {
    const w = world()
    w.other.userWrite('a.txt', 'one')
    await w.theirs.run('all')
    await killedAfter(t, w, 'write')
    w.remote.purge('a.txt')
    w.remote.feed.expireCursors()
    await w.start().run('all')
    t.equal(w.mine.userRead('a.txt'), 'one')
    t.strictSame([...w.remote.texts()], [['a.txt', 'one']])
    w.close()
  },
)
