import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import type { Test } from 'tap'
import type { OnStep } from '../../src/sync/local/change-steps.js'
import { DiskFolder, type DiskFolderOptions } from '../../src/sync/local/disk-folder.js'
import type { FolderOptions, FolderUnderTest, Person } from './folder-under-test.js'

export const diskOptions: DiskFolderOptions = { random: systemRandom, hasher: systemHasher, links: 'store' }

export interface DiskUnderTest extends FolderUnderTest {
  readonly folder: DiskFolder
  readonly directory: string
}

/** A folder on the disk, beside which lies a folder `outside` with a file `secret`. */
export async function makeDisk(t: Test, options: FolderOptions = {}): Promise<DiskUnderTest> {
  const directory = join(t.testdir({ root: {}, outside: { secret: 'secret' } }), 'root')
  let onStep: OnStep = () => {}
  const open = (): Promise<DiskFolder> =>
    DiskFolder.open(directory, {
      ...diskOptions,
      ...options,
      onStep: (step, name) => onStep(step, name),
    })
  return {
    directory,
    folder: await open(),
    person: personIn(directory),
    onStep: listener => {
      onStep = listener
    },
    async crashAt(step, change) {
      const program = new URL('./crash-child.js', import.meta.url).pathname
      const ended = spawnSync(process.execPath, [program, directory, step, JSON.stringify(change)])
      if (ended.status !== 0 && ended.signal !== 'SIGKILL') throw new Error(ended.stderr.toString())
    },
    reopen: open,
  }
}

function personIn(directory: string): Person {
  const at = (path: string): string => join(directory, path)
  const parent = (path: string): void => void mkdirSync(dirname(at(path)), { recursive: true })
  const stats = (path: string) => lstatSync(at(path), { throwIfNoEntry: false })
  return {
    write(path, text) {
      parent(path)
      writeFileSync(at(path), text)
    },
    link(path, target) {
      parent(path)
      symlinkSync(target, at(path))
    },
    makeFolder: path => void mkdirSync(at(path), { recursive: true }),
    remove: path => rmSync(at(path), { recursive: true, force: true }),
    rename(from, to) {
      parent(to)
      renameSync(at(from), at(to))
    },
    touch(path) {
      const { mtimeMs } = lstatSync(at(path))
      utimesSync(at(path), mtimeMs / 1000 + 1, mtimeMs / 1000 + 1)
    },
    chmod: (path, executable) => chmodSync(at(path), executable ? 0o755 : 0o644),
    read(path) {
      const there = stats(path)
      if (there?.isSymbolicLink()) return readlinkSync(at(path))
      return there?.isFile() ? readFileSync(at(path), 'utf8') : undefined
    },
    mtimeMs: path => stats(path)?.mtimeMs,
    list: () => listBelow(directory, ''),
  }
}

function listBelow(directory: string, prefix: string): string[] {
  const names = readdirSync(join(directory, prefix), { withFileTypes: true })
    .filter(({ name }) => prefix !== '' || name !== '.torc-sync')
    .flatMap(entry => {
      const name = prefix + entry.name
      return entry.isDirectory() ? [`${name}/`, ...listBelow(directory, `${name}/`)] : [name]
    })
  return names.sort()
}
