import type { BigIntStats } from 'node:fs'
import { link, lstat, mkdir, readdir, readlink, rename, rm, symlink, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { Random } from '@torc/protocol/environment/random'
import type { Fingerprint } from '../trees/entry.js'
import { hashIn, looksLikeMoved } from './fingerprint.js'
import { type FolderRoot, isAbsent, lookAt } from './folder-root.js'
import { makeParent } from './parents.js'
import { keptName } from './paths.js'
import { hashOf, openFile } from './read-file.js'

/** A file that waits in `.torc-sync/aside`. */
export interface Aside {
  /** Folder of its own, `ID,DEPTH,FINGERPRINT`: below it the file lies under its whole name of DEPTH parts. */
  readonly top: string
  readonly path: string
  /** Its name in the synced folder. */
  readonly parts: readonly string[]
  /** What it was taken aside as. */
  readonly expected: Fingerprint
}

/**
 * Where files go before they are replaced or removed. One rename takes them there, and the place says what they were called
 * and what they were taken for: a crash at any moment leaves all that recovery must know, and no other file to keep level.
 */
export class AsideFiles {
  readonly #root: FolderRoot
  readonly #random: Random
  readonly #hasher: Hasher

  constructor(root: FolderRoot, random: Random, hasher: Hasher) {
    this.#root = root
    this.#random = random
    this.#hasher = hasher
  }

  /** Undefined where nothing was at the path. */
  async take(path: string, parts: readonly string[], expected: Fingerprint): Promise<Aside | undefined> {
    const id = Buffer.from(this.#random.bytes(8)).toString('hex')
    const top = join(this.#root.aside, `${id},${parts.length},${expected}`)
    const aside = { top, path: join(top, ...parts), parts, expected }
    await mkdir(dirname(aside.path), { recursive: true, mode: 0o700 })
    try {
      await rename(path, aside.path)
      return aside
    } catch (error) {
      await rm(top, { recursive: true, force: true })
      if (isAbsent(error)) return undefined
      throw error
    }
  }

  /**
   * Whether it is what it was taken for: inode, size, time of modification and mode are compared, and the bytes where these
   * are not proof. The time of the inode's change is not: the rename set it.
   */
  async isExpected({ path, expected }: Aside): Promise<boolean> {
    const stats = await lookAt(path)
    if (stats === undefined || !looksLikeMoved(stats, expected)) return false
    const wanted = hashIn(expected)
    if (wanted === undefined || !stats.isFile()) return true
    const file = await openFile(path)
    if (file === undefined) return false
    return (await hashOf(file.pieces(), this.#hasher).finally(() => file.close())) === wanted
  }

  /**
   * Back to its name, or where that was taken meanwhile, to one beside it: nothing is overwritten, and nothing that
   * the store may not have is dropped.
   */
  async putBack(aside: Aside): Promise<void> {
    const { path, parts } = aside
    const folder = await makeParent(this.#root, parts).catch(() => this.#root.path)
    const wanted = join(folder, basename(path))
    for (let attempt = 0; ; attempt++) {
      if (await moveIntoPlace(path, attempt === 0 ? wanted : keptName(wanted, attempt))) break
    }
    await this.#tidy(aside)
  }

  async drop(aside: Aside): Promise<void> {
    await rm(aside.path, { force: true })
    await this.#tidy(aside)
  }

  /**
   * Heals what a crash left: where the name is free, the file goes back. Where it is taken, by the new file or by somebody
   * who came after, the file is dropped if it is the one that the store has.
   */
  async recover(): Promise<void> {
    for (const name of await readdir(this.#root.aside)) {
      const [, depth, expected] = name.split(',')
      // Not made by us: not ours to judge.
      if (depth === undefined || expected === undefined) continue
      const top = join(this.#root.aside, name)
      const parts = await descend(top, Number(depth))
      // The crash came before the rename.
      if (parts === undefined) await rm(top, { recursive: true, force: true })
      else await this.#heal({ top, path: join(top, ...parts), parts, expected })
    }
  }

  async #heal(aside: Aside): Promise<void> {
    const there = await lookAt(join(this.#root.path, ...aside.parts))
    const old = await lookAt(aside.path)
    const isBack = there !== undefined && there.ino === old?.ino
    if (isBack || (there !== undefined && (await this.isExpected(aside)))) await this.drop(aside)
    else await this.putBack(aside)
  }

  /** The folders that led to it. */
  async #tidy({ top }: Aside): Promise<void> {
    await rm(top, { recursive: true, force: true })
  }
}

/** The parts of the one path of that depth; undefined where it was not made to its end. */
async function descend(top: string, depth: number): Promise<readonly string[] | undefined> {
  const parts: string[] = []
  while (parts.length < depth) {
    const [next] = await readdir(join(top, ...parts))
    if (next === undefined) return undefined
    parts.push(next)
  }
  return parts.length === 0 ? undefined : parts
}

/**
 * Gives a file another name where that is free; false where it is not. By a second link, which fails where something is
 * there; file systems without links (FAT) are looked at just before the rename.
 */
export async function moveIntoPlace(from: string, to: string): Promise<boolean> {
  const stats = await lstat(from, { bigint: true })
  const linked = await linkTo(from, to, stats)
  if (linked === 'no links') {
    if ((await lookAt(to)) !== undefined) return false
    await rename(from, to)
    return true
  }
  if (linked) await unlink(from)
  return linked
}

async function linkTo(from: string, to: string, stats: BigIntStats): Promise<boolean | 'no links'> {
  if (stats.isDirectory()) return 'no links'
  try {
    // Elsewhere `link` follows a link to what it points to.
    if (stats.isSymbolicLink() && process.platform !== 'linux') await symlink(await readlink(from), to)
    else await link(from, to)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code !== undefined && withoutLinks.has(code)) return 'no links'
    throw error
  }
}

const withoutLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])
