import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FolderRoot } from '../../src/sync/local/folder-root.js'
import { RulesFile } from '../../src/sync/local/rules-file.js'
import { type Watch, watchFolder } from '../../src/sync/local/watch.js'
import { watchByChokidar } from '../../src/sync/local/watch-by-chokidar.js'
import { watchByFolder } from '../../src/sync/local/watch-by-folder.js'

/** A folder that is watched, and the marks so far. */
class Watched {
  readonly directory: string
  readonly warnings: string[] = []
  readonly #marks: string[] = []
  #look = () => {}

  constructor(directory: string) {
    this.directory = directory
  }

  static async start(t: Test, watch: Watch): Promise<Watched> {
    const testdir = t.testdir({
      root: { old: { file: '' }, heap: {}, '.torcignore': 'heap/\n' },
      outside: {},
    })
    const watched = new Watched(testdir)
    const root = await FolderRoot.open(watched.at(''))
    const warn = (message: string) => void watched.warnings.push(message)
    const rules = new RulesFile(root)
    await rules.refresh()
    const stop = await watchFolder(root.path, rules, mark => watched.#take(mark), warn, watch)
    t.teardown(stop)
    return watched
  }

  at(path: string): string {
    return join(this.directory, 'root', path)
  }

  write(path: string): void {
    writeFileSync(this.at(path), `${this.#marks.length}`)
  }

  get marks(): readonly string[] {
    return this.#marks
  }

  /** Resolves when a mark that comes from now on is the path, or lies above it. */
  async marked(...paths: readonly string[]): Promise<void> {
    const from = this.#marks.length
    const isMarked = (path: string) =>
      this.#marks.slice(from).some(mark => mark === '' || path === mark || path.startsWith(`${mark}/`))
    await new Promise<void>(resolve => {
      this.#look = () => void (paths.every(isMarked) && resolve())
    })
    this.#look = () => {}
  }

  #take(mark: string): void {
    this.#marks.push(mark)
    this.#look()
  }
}

for (const [name, watch] of Object.entries({ watchByFolder, watchByChokidar })) {
  const skip =
    watch === watchByFolder && process.platform !== 'linux' && 'Linux alone tells of files by their folder'
  t.test(name, { skip }, async t => {
    t.test('files that come, change and go', async t => {
      const watched = await Watched.start(t, watch)
      for (const act of [
        () => watched.write('old/a'),
        () => watched.write('old/a'),
        () => rmSync(watched.at('old/a')),
      ]) {
        const marked = watched.marked('old/a')
        act()
        await marked
      }
      t.strictSame([...new Set(watched.marks)], ['old/a'], 'that one, and nothing else')
    })

    // The other one loses some of what follows, which then waits for a scan.
    if (watch === watchByChokidar) return

    t.test('files of folders that were made a moment ago, and what is done in these later', async t => {
      const watched = await Watched.start(t, watch)
      const marked = watched.marked('new/a/b/c', 'new/d')
      mkdirSync(watched.at('new/a/b'), { recursive: true })
      watched.write('new/a/b/c')
      watched.write('new/d')
      await marked
      await untilWatched(watched, 'new/a/b')
      t.pass()
    })

    t.test('a folder that is moved in with all that it holds', async t => {
      const watched = await Watched.start(t, watch)
      mkdirSync(join(watched.directory, 'outside/x/y'), { recursive: true })
      writeFileSync(join(watched.directory, 'outside/x/y/z'), '')
      const marked = watched.marked('moved/y/z')
      renameSync(join(watched.directory, 'outside/x'), watched.at('moved'))
      await marked
      await untilWatched(watched, 'moved/y')
      t.pass()
    })

    t.test('a folder that goes and comes again under its name', async t => {
      const watched = await Watched.start(t, watch)
      for (let i = 0; i < 3; i++) {
        const marked = watched.marked('old')
        rmSync(watched.at('old'), { recursive: true })
        mkdirSync(watched.at('old'))
        await marked
        await untilWatched(watched, 'old')
      }
      t.pass()
    })

    t.test('a folder that is moved is watched under its new name', async t => {
      const watched = await Watched.start(t, watch)
      mkdirSync(watched.at('old/deep'))
      await untilWatched(watched, 'old/deep')
      const marked = watched.marked('old', 'other')
      renameSync(watched.at('old'), watched.at('other'))
      await marked
      await untilWatched(watched, 'other/deep')
      const before = watched.marks.length
      mkdirSync(watched.at('old'))
      await untilWatched(watched, 'old')
      t.ok(watched.marks.length > before)
    })

    t.test('what is ignored is not watched, until the rules are others', async t => {
      const watched = await Watched.start(t, watch)
      watched.write('heap/a')
      const marked = watched.marked('old/b')
      watched.write('old/b')
      await marked
      t.notOk(watched.marks.includes('heap/a'))
      const all = watched.marked('heap/a')
      writeFileSync(watched.at('.torcignore'), '')
      await all
      await untilWatched(watched, 'heap')
      t.strictSame(watched.warnings, [])
    })
  })
}

/** Files are made until one is told by itself: what the system tells of a new folder at first is the folder. */
async function untilWatched(watched: Watched, folder: string): Promise<void> {
  for (let i = 0; ; i++) {
    const marked = watched.marked(`${folder}/probe-${i}`)
    watched.write(`${folder}/probe-${i}`)
    await marked
    if (watched.marks.includes(`${folder}/probe-${i}`)) return
  }
}
