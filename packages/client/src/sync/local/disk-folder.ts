import { readdir, rm } from 'node:fs/promises'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import { fileError } from '../../files/file-errors.js'
import type { LocalFolder, Outcome, Scan, ScanOptions } from '../ports/local-folder.js'
import {
  type Content,
  type Fingerprint,
  folderContent,
  isFolderName,
  type LocalEntry,
} from '../trees/entry.js'
import { AsideFiles } from './aside.js'
import { bodyOf, discard, isSystemError, targetOf, withFileErrors } from './bodies.js'
import type { OnStep } from './change-steps.js'
import { Changes, type Place } from './changes.js'
import { changeExecutable, modeWith } from './executable.js'
import { fingerprintOf, isExecutable, looksLike, looksLikeMoved, marked, mtimeMsOf } from './fingerprint.js'
import { FolderRoot, lookAt } from './folder-root.js'
import { linkLeads, linkStaysInside } from './link-target.js'
import { findParent, makeFolderDurably, makeParent, removeEmptyFolder } from './parents.js'
import { outermost, partsOf, pathOf } from './paths.js'
import { bytesAsExpected, readTarget } from './read-file.js'
import { RulesFile } from './rules-file.js'
import { FolderScan } from './scan.js'
import { type Looks, type TemporaryFile, TemporaryFiles } from './temporary-file.js'
import { watchFolder } from './watch.js'

export interface DiskFolderOptions {
  readonly random: Random
  readonly hasher: Hasher
  /** Whether symbolic links are synced as such, or left alone. */
  readonly links: 'store' | 'skip'
  /** Files that are read at once. */
  readonly readers?: number | undefined
  /** Told what goes on, but worse: the watcher can't see all. */
  readonly onWarning?: ((message: string) => void) | undefined
  /** Told where a change could be overtaken: tests do that. */
  readonly onStep?: OnStep | undefined
}

/** A folder of the machine's file system. One process at a time may change it; people may do what they like meanwhile. */
export class DiskFolder implements LocalFolder {
  readonly #root: FolderRoot
  readonly #options: DiskFolderOptions
  readonly #onStep: OnStep
  readonly #rules: RulesFile
  readonly #temporary: TemporaryFiles
  readonly #asides: AsideFiles
  readonly #changes: Changes

  private constructor(root: FolderRoot, options: DiskFolderOptions) {
    const { random, hasher, onStep = () => {} } = options
    this.#root = root
    this.#options = options
    this.#onStep = onStep
    this.#rules = new RulesFile(root)
    this.#temporary = new TemporaryFiles(root, random, hasher)
    this.#asides = new AsideFiles(root, random, hasher)
    this.#changes = new Changes(root, this.#asides, onStep)
  }

  /** Of a directory that is there; `.torc-sync` is made in it. CONFIG where it is none. */
  static async open(directory: string, options: DiskFolderOptions): Promise<DiskFolder> {
    return new DiskFolder(await FolderRoot.open(directory), options)
  }

  /** Its real path. */
  get path(): string {
    return this.#root.path
  }

  async checkRoot(): Promise<void> {
    await this.#root.check()
  }

  async scan(options: ScanOptions): Promise<Scan> {
    return this.#scan([''], options)
  }

  async scanAt(paths: readonly string[], options: ScanOptions): Promise<Scan> {
    return this.#scan(outermost(paths), options)
  }

  ignores(name: string): boolean {
    return this.#rules.current.ignores(name)
  }

  async read(name: string, expected: Fingerprint): Promise<AsyncIterable<Uint8Array> | 'changed'> {
    return this.#doing(name, async ({ parts }) => {
      const path = await this.#existing(parts)
      const stats = path === undefined ? undefined : await lookAt(path)
      if (path === undefined || stats === undefined || !looksLike(stats, expected)) return 'changed'
      if (stats.isSymbolicLink()) {
        const target = await readTarget(path)
        return target === undefined ? 'changed' : bodyOf(target)
      }
      const { hasher } = this.#options
      return { [Symbol.asyncIterator]: () => withFileErrors(bytesAsExpected(path, expected, hasher), path) }
    })
  }

  async write(
    name: string,
    content: Content,
    mtimeMs: number,
    body: AsyncIterable<Uint8Array>,
    expected: Fingerprint | undefined,
  ): Promise<Outcome> {
    return this.#doing(name, async place => {
      const looks = await this.#begin(place, content, mtimeMs, expected)
      if (looks === 'changed') {
        await discard(body)
        return 'changed'
      }
      this.#onStep('make', name)
      const temporary =
        content.kind === 'link'
          ? await this.#makeLink(name, await targetOf(name, body), mtimeMs)
          : await this.#temporary.write(body, looks)
      if (content.sha256 !== '' && temporary.sha256 !== content.sha256) {
        await this.#drop(temporary)
        throw new TorcError('CHECKSUM', `the bytes of ${name} are not those that were announced`)
      }
      return this.#place(place, temporary, content, expected)
    })
  }

  async copy(
    from: { readonly name: string; readonly fingerprint: Fingerprint; readonly sha256: string },
    name: string,
    content: Content,
    mtimeMs: number,
    expected: Fingerprint | undefined,
  ): Promise<Outcome> {
    return this.#doing(name, async place => {
      const looks = await this.#begin(place, content, mtimeMs, expected)
      if (looks === 'changed') return 'changed'
      this.#onStep('make', name)
      const source = await this.#existing(partsOf(from.name))
      const stats = source === undefined ? undefined : await lookAt(source)
      if (source === undefined || stats === undefined || !looksLike(stats, from.fingerprint)) return 'changed'
      if (stats.isSymbolicLink() !== (content.kind === 'link')) return 'changed'
      const temporary = stats.isSymbolicLink()
        ? await this.#makeLink(name, (await readTarget(source)) ?? Buffer.alloc(0), mtimeMs)
        : await this.#temporary.copy(source, looks)
      if (temporary.sha256 === from.sha256) return this.#place(place, temporary, content, expected)
      await this.#drop(temporary)
      return 'changed'
    })
  }

  async setExecutable(name: string, executable: boolean, expected: Fingerprint): Promise<Outcome> {
    return this.#doing(name, async ({ parts }) => {
      const path = await this.#existing(parts)
      if (path === undefined) return 'changed'
      return changeExecutable(path, executable, expected, this.#options.hasher)
    })
  }

  async makeFolder(name: string): Promise<Outcome> {
    return this.#doing(name, async ({ parts }) => {
      const path = `${await makeParent(this.#root, parts)}/${parts.at(-1)}`
      await makeFolderDurably(this.#root, path)
      const stats = await lookAt(path)
      if (stats?.isDirectory() !== true) return 'changed'
      const fingerprint = fingerprintOf(stats)
      return { done: { content: folderContent, mtimeMs: mtimeMsOf(stats), fingerprint } }
    })
  }

  async remove(name: string, expected: Fingerprint | undefined): Promise<'removed' | 'changed'> {
    return this.#doing(name, async place => {
      const path = await this.#existing(place.parts)
      const stats = path === undefined ? undefined : await lookAt(path)
      if (path === undefined || stats === undefined || stats.isDirectory() !== isFolderName(name)) {
        // Where the whole folder is gone, nothing was removed.
        await this.#root.check()
        return 'removed'
      }
      if (stats.isDirectory()) return removeEmptyFolder(this.#root, path)
      return expected === undefined ? 'changed' : this.#changes.remove(place, expected)
    })
  }

  async recover(): Promise<void> {
    try {
      await this.#asides.recover()
      for (const name of await readdir(this.#root.temporary)) {
        await rm(`${this.#root.temporary}/${name}`, { recursive: true, force: true })
      }
    } catch (error) {
      throw fileError(error, this.#root.path)
    }
  }

  async watch(onMark: (path: string) => void): Promise<() => Promise<void>> {
    await this.#rules.refresh()
    return watchFolder(this.#root.path, this.#rules, onMark, this.#options.onWarning ?? (() => {}))
  }

  async #scan(paths: readonly string[], options: ScanOptions): Promise<Scan> {
    try {
      await this.#root.check()
      options.signal?.throwIfAborted()
      const rules = await this.#rules.refresh()
      const { hasher, links, readers = 4 } = this.#options
      const nowNs = await this.#root.nowNs()
      const scan = new FolderScan({
        root: this.#root,
        rules,
        nowNs,
        hasher,
        links,
        readers,
        onStep: this.#onStep,
        options,
      })
      const result = await scan.run(paths)
      // A disk that was unmounted while it was walked shows files that are gone.
      await this.#root.check()
      return result
    } catch (error) {
      if (options.signal?.aborted === true) throw error
      throw fileError(error, (error as NodeJS.ErrnoException).path ?? this.#root.path)
    }
  }

  /** A change of a name, its failures as TorcErrors. */
  async #doing<T>(name: string, work: (place: Place) => Promise<T>): Promise<T> {
    const parts = partsOf(name)
    this.#onStep('check', name)
    try {
      return await work({ name, parts })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') await this.#root.check()
      throw isSystemError(error) ? fileError(error, this.#root.absolute(pathOf(name))) : error
    }
  }

  async #existing(parts: readonly string[]): Promise<string | undefined> {
    const folder = await findParent(this.#root, parts)
    return folder === undefined ? undefined : `${folder}/${parts.at(-1)}`
  }

  /** A first look, before bytes are moved for nothing; tells the mode that the new file should have. */
  async #begin(
    { parts }: Place,
    { executable }: Content,
    mtimeMs: number,
    expected: Fingerprint | undefined,
  ): Promise<Looks | 'changed'> {
    const path = await this.#existing(parts)
    const stats = path === undefined ? undefined : await lookAt(path)
    if ((stats === undefined) !== (expected === undefined)) return 'changed'
    if (stats === undefined || expected === undefined) {
      const mode = (executable ? 0o777 : 0o666) & ~process.umask()
      return { mode, mtimeMs }
    }
    if (stats.isDirectory() || !looksLike(stats, expected)) return 'changed'
    // Who may read a file stays as it was.
    return { mode: modeWith(Number(stats.mode) & 0o777, executable), mtimeMs }
  }

  async #makeLink(name: string, bytes: Buffer, mtimeMs: number): Promise<TemporaryFile> {
    const target = bytes.toString()
    const isText = Buffer.from(target).equals(bytes)
    if (this.#options.links === 'skip' || !isText || !linkStaysInside(name, target)) {
      throw new TorcError('FILE_ACCESS', `${name}: ${linkLeads.reason}`, { hint: linkLeads.hint })
    }
    const sha256 = Buffer.from(this.#options.hasher.sha256(bytes)).toString('hex')
    return this.#temporary.link(target, sha256, mtimeMs)
  }

  async #place(
    place: Place,
    temporary: TemporaryFile,
    content: Content,
    expected: Fingerprint | undefined,
  ): Promise<Outcome> {
    let placed = false
    try {
      placed = await this.#changes.place(temporary, place, expected)
    } finally {
      if (!placed) await this.#drop(temporary)
    }
    return placed ? { done: await this.#entryOf(place, temporary, content) } : 'changed'
  }

  /** What was put there. Somebody may have written to it already: then the fingerprint is one that no scan finds. */
  async #entryOf({ parts }: Place, temporary: TemporaryFile, { kind }: Content): Promise<LocalEntry> {
    const { stats, sha256 } = temporary
    const now = await lookAt(this.#root.absolute(parts.join('/')))
    const isOurs = now !== undefined && looksLikeMoved(now, fingerprintOf(stats))
    const fingerprint = isOurs ? marked(now, now.ctimeNs, sha256) : fingerprintOf(stats)
    const executable = kind === 'file' && isExecutable(stats)
    return {
      content: { kind, sha256, size: Number(stats.size), executable },
      mtimeMs: mtimeMsOf(stats),
      fingerprint,
    }
  }

  async #drop({ path }: TemporaryFile): Promise<void> {
    await rm(path, { force: true })
  }
}
