import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { sha256Of, textOfBytes } from './bodies.js'

const ownFolder = '.torc-sync'
/** What larger files hold is remembered while they are the same. */
const smallMax = 1000n

interface Read {
  readonly text: string
  readonly words: string
}

/** Reads what is at a path and below it while others may change it: what goes in between is not there. */
export class FolderLook {
  readonly #root: string
  readonly #known = new Map<string, Read>()

  constructor(root: string) {
    this.#root = root
  }

  /** Names below it, sorted, those of folders with a `/`; nothing of the sync client's own. */
  names(): string[] {
    return this.#below('').sort()
  }

  /** Names of the root and of all below it, where the root is what had been at `path`. */
  namesAs(path: string): string[] {
    const isFolder = fs.lstatSync(this.#root).isDirectory()
    return isFolder ? [`${path}/`, ...this.names().map(name => `${path}/${name}`)] : [path]
  }

  /** Text of a file or target of a link; undefined where neither is. The empty name is that of the root. */
  text(name: string): string | undefined {
    return this.#read(name)?.text
  }

  /** What the names hold, in the words of `contentWords`. */
  contents(): ReadonlyMap<string, string> {
    const found = new Map<string, string>()
    for (const name of this.names()) {
      const words = name.endsWith('/') ? 'folder' : this.#read(name)?.words
      if (words !== undefined) found.set(name, words)
    }
    return found
  }

  /** Files that the sync client left in its own folder. */
  leftovers(): string[] {
    return ['tmp', 'aside'].flatMap(each => {
      const folder = join(this.#root, ownFolder, each)
      return (unlessGone(() => fs.readdirSync(folder)) ?? []).map(name => `${each}/${name}`)
    })
  }

  #read(name: string): Read | undefined {
    const path = join(this.#root, name)
    return unlessGone(() => {
      const stats = fs.lstatSync(path, { bigint: true })
      if (stats.isSymbolicLink()) {
        const target = fs.readlinkSync(path)
        return { text: target, words: contentWords('link', sha256Of(target), false) }
      }
      if (!stats.isFile()) return undefined
      const key = [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ')
      const known = this.#known.get(key)
      if (known !== undefined) return known
      const bytes = fs.readFileSync(path)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      const words = contentWords('file', sha256, (stats.mode & 0o100n) !== 0n)
      const read = { text: textOfBytes(bytes), words }
      if (stats.size > smallMax) this.#known.set(key, read)
      return read
    })
  }

  #below(folder: string): string[] {
    const entries = unlessGone(() => fs.readdirSync(join(this.#root, folder), { withFileTypes: true }))
    return (entries ?? []).flatMap(entry => {
      if (folder === '' && entry.name === ownFolder) return []
      const name = `${folder}${entry.name}`
      return entry.isDirectory() ? [`${name}/`, ...this.#below(`${name}/`)] : [name]
    })
  }
}

/** What is compared of a name's content on both sides. */
export function contentWords(kind: 'file' | 'folder' | 'link', sha256: string, executable: boolean): string {
  return kind === 'folder' ? kind : `${kind} ${sha256}${executable ? ' executable' : ''}`
}

function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EINVAL' || code === 'EISDIR') return undefined
    throw error
  }
}
