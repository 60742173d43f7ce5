import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import type { Gone, Workplace } from '@torc/client/test/sync/convergence/workplace'
import type { SeededRandom } from '../harness/simulation/seeded-random.js'
import { bytesOfText, textOfBytes } from './bodies.js'
import { FolderLook } from './folder-look.js'

/** The sync client did something in the same moment, and what the person wanted can't be done: as if nothing was tried. */
export class Overtaken extends Error {}

const overtaking: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'EEXIST',
  'ENOTEMPTY',
  'ELOOP',
])
/** Larger files are never written in place: a reader may find any part of them, which would be what the person wrote. */
const inPlaceMax = 1000
const { O_RDONLY, O_RDWR, O_NOFOLLOW } = fs.constants

/**
 * A real folder, in which a sync client works at the same time. So whatever is removed or replaced is looked at when it is
 * out of everybody's reach, and what is told to be gone is what went.
 */
export class DiskWorkplace implements Workplace {
  /** Names under which something may have been replaced that nobody saw: it came there in the same moment. */
  readonly blind = new Set<string>()
  readonly #root: string
  /** On the same file system, where no sync client looks. */
  readonly #attic: string
  readonly #random: SeededRandom
  readonly #look: FolderLook
  #number = 0

  constructor(root: string, attic: string, random: SeededRandom) {
    this.#root = root
    this.#attic = attic
    this.#random = random
    this.#look = new FolderLook(root)
  }

  userList(): readonly string[] {
    return this.#look.names()
  }

  userRead(path: string): string | undefined {
    return this.#look.text(path)
  }

  /** In place, by a rename from elsewhere, or by one from beside it, as programs do. */
  userWrite(path: string, text: string): Gone {
    return this.#doing(() => {
      this.#makeParent(path)
      const bytes = bytesOfText(text)
      const gone: (readonly [string, string | undefined])[] = []
      if (bytes.length <= inPlaceMax && this.#random.chance(0.4)) {
        const before = this.#writeInPlace(path, bytes)
        if (before.text !== undefined) gone.push([path, before.text])
        if (before.saved) return gone
      }
      const beside = this.#random.chance(0.5)
      const temporary = beside ? join(this.#root, `${path}~`) : this.#newPath()
      fs.writeFileSync(temporary, bytes, { flag: 'wx' })
      if (beside) gone.push([`${path}~`, undefined])
      return [...gone, ...this.#moveOver(temporary, path)]
    })
  }

  userLink(path: string, target: string): Gone {
    return this.#doing(() => {
      this.#makeParent(path)
      const temporary = this.#newPath()
      fs.symlinkSync(target, temporary)
      return this.#moveOver(temporary, path)
    })
  }

  userMakeFolder(path: string): void {
    this.#doing(() => fs.mkdirSync(join(this.#root, path), { recursive: true }))
  }

  userRemove(path: string): Gone {
    return this.#doing(() => {
      const taken = this.#newPath()
      fs.renameSync(join(this.#root, path), taken)
      return this.#emptied(taken, path)
    })
  }

  userRename(from: string, to: string): Gone {
    return this.#doing(() => {
      this.#makeParent(to)
      const taken = this.#newPath()
      fs.renameSync(join(this.#root, from), taken)
      try {
        const moved = new FolderLook(taken).namesAs(from)
        const gone = moved.map(name => [name, undefined] as const)
        if (!fs.lstatSync(taken).isDirectory()) return [...gone, ...this.#moveOver(taken, to)]
        fs.renameSync(taken, join(this.#root, to))
        return gone
      } catch (error) {
        // It has no place any more: the person gives it up.
        if (isOvertaking(error)) return this.#emptied(taken, from)
        throw error
      }
    })
  }

  userTouch(path: string): void {
    this.#doing(() => {
      const now = Date.now() / 1000
      fs.lutimesSync(join(this.#root, path), now, now)
    })
  }

  userChmod(path: string, executable: boolean): void {
    this.#doing(() => {
      const file = fs.openSync(join(this.#root, path), O_RDONLY | O_NOFOLLOW)
      fs.fchmodSync(file, executable ? 0o755 : 0o644)
      fs.closeSync(file)
    })
  }

  /** Not saved where the sync client took the file away in the same moment, or where there is none: saved again. */
  #writeInPlace(path: string, bytes: Buffer): { readonly text?: string; readonly saved: boolean } {
    const whole = join(this.#root, path)
    let file: number
    try {
      file = fs.openSync(whole, O_RDWR | O_NOFOLLOW)
    } catch (error) {
      if (isOvertaking(error)) return { saved: false }
      throw error
    }
    try {
      const text = textOfBytes(fs.readFileSync(file))
      fs.ftruncateSync(file, 0)
      fs.writeSync(file, bytes, 0, bytes.length, 0)
      const there = fs.lstatSync(whole, { throwIfNoEntry: false })
      return { text, saved: there?.ino === fs.fstatSync(file).ino }
    } finally {
      fs.closeSync(file)
    }
  }

  /** Gives a file its name, over the file that has it. */
  #moveOver(from: string, path: string): Gone {
    const to = join(this.#root, path)
    for (;;) {
      const stats = fs.lstatSync(to, { throwIfNoEntry: false })
      if (stats === undefined) {
        if (moveToFree(from, to)) return []
      } else if (stats.isSymbolicLink()) {
        const taken = this.#newPath()
        fs.renameSync(to, taken)
        const gone = this.#emptied(taken, path)
        return moveToFree(from, to) ? gone : [...gone, ...this.#moveOver(from, path)]
      } else {
        const file = fs.openSync(to, O_RDONLY | O_NOFOLLOW)
        try {
          const text = textOfBytes(fs.readFileSync(file))
          fs.renameSync(from, to)
          // It has another name yet: then it was not this file that was replaced, but one that came in that moment.
          if (fs.fstatSync(file).nlink > 0) this.blind.add(path)
          return [[path, text]]
        } finally {
          fs.closeSync(file)
        }
      }
    }
  }

  #emptied(taken: string, path: string): Gone {
    const look = new FolderLook(taken)
    const gone = look.namesAs(path).map(name => [name, look.text(name.slice(path.length))] as const)
    fs.rmSync(taken, { recursive: true, force: true })
    return gone
  }

  #makeParent(path: string): void {
    fs.mkdirSync(join(this.#root, dirname(path)), { recursive: true })
  }

  #newPath(): string {
    return join(this.#attic, String(++this.#number))
  }

  #doing<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw isOvertaking(error) ? new Overtaken(String(error)) : error
    }
  }
}

function isOvertaking(error: unknown): boolean {
  return overtaking.has((error as NodeJS.ErrnoException).code ?? '')
}

/** By a second link: what came there in the same moment is not replaced. */
function moveToFree(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  fs.unlinkSync(from)
  return true
}
