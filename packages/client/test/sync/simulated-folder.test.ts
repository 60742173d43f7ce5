import t, { type Test } from 'tap'
import { carryOut, type FolderOptions, type FolderUnderTest, type Person } from './folder-under-test.js'
import { changeConformance } from './local-folder-changes.js'
import { scanConformance } from './local-folder-conformance.js'
import { Killed, SimulatedFolder } from './simulated-folder.js'

function personOf(folder: SimulatedFolder): Person {
  return {
    write: (path, text) => folder.userWrite(path, text),
    link: (path, target) => folder.userLink(path, target),
    makeFolder: path => folder.userMakeFolder(path),
    remove: path => folder.userRemove(path),
    rename: (from, to) => folder.userRename(from, to),
    touch: path => folder.userTouch(path),
    chmod: (path, executable) => folder.userChmod(path, executable),
    read: path => folder.userRead(path),
    mtimeMs: path => folder.userMtimeMs(path),
    list: () => folder.userList(),
  }
}

async function make(_: Test, options?: FolderOptions): Promise<FolderUnderTest> {
  const folder = new SimulatedFolder(options)
  return {
    folder,
    person: personOf(folder),
    onStep: listener => {
      folder.beforeStep = listener
    },
    async crashAt(step, change) {
      folder.beforeStep = reached => {
        if (reached === step) throw new Killed(step)
      }
      await carryOut(folder, change).catch(error => {
        if (!(error instanceof Killed)) throw error
      })
      folder.beforeStep = () => {}
    },
    reopen: async () => folder,
  }
}

scanConformance(t, make)
changeConformance(t, make)

t.test('a folder that may not be read is refused, with all that is in it', async t => {
  const folder = new SimulatedFolder()
  folder.userWrite('closed/in', '1')
  folder.userWrite('open', '1')
  folder.userDeny('closed', true)
  const scan = await folder.scan({ known: () => undefined })
  t.strictSame(Array.from(scan.entries.keys()), ['open'])
  t.match(scan.refused, [{ name: 'closed/' }])
  const below = await folder.scanAt(['closed/in'], { known: () => undefined })
  t.match([below.entries.size, below.refused], [0, [{ name: 'closed/' }]])
  folder.userDeny('closed', false)
  t.ok((await folder.scan({ known: () => undefined })).entries.has('closed/in'))
})

t.test('marks are lost where the test says so', async t => {
  let lose = true
  const folder = new SimulatedFolder({ losesMark: () => lose })
  const marks: string[] = []
  await folder.watch(path => marks.push(path))
  folder.userWrite('a', '1')
  lose = false
  folder.userWrite('b', '1')
  folder.userRename('b', 'c/d')
  t.strictSame(marks, ['b', 'c', 'b', 'c/d'])
})

t.test('a folder that is gone says so, whatever is asked', async t => {
  const folder = new SimulatedFolder()
  folder.userWrite('a', '1')
  folder.rootGone = true
  const gone = { code: 'SYNC_ROOT_GONE' }
  await t.rejects(folder.checkRoot(), gone)
  await t.rejects(folder.scan({ known: () => undefined }), gone)
  await t.rejects(folder.remove('a', 'x'), gone)
})
