import type { BigIntStats } from 'node:fs'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { inParallel } from '../../transfer/parallel.js'
import type { Refusal, Scan, ScanOptions } from '../ports/local-folder.js'
import { folderContent, type LocalEntry, parentOf } from '../trees/entry.js'
import type { OnStep } from './change-steps.js'
import { fingerprintOf, mtimeMsOf } from './fingerprint.js'
import { namesIn } from './folder-names.js'
import { type FolderRoot, isAbsent, isDenied, lookAt, lookAtNow, lookInTurn } from './folder-root.js'
import type { IgnoreRules } from './ignore-rules.js'
import { pathOf } from './paths.js'
import { ContentReader } from './read-content.js'
import { notReadable, notText, refusalOf } from './refusals.js'

/** Files that are looked at before others have a turn, and folders that are listed at once. */
const looksAtOnce = 64
const foldersAtOnce = 16
/** How often folders that change while they are walked are listed again. */
const roundsMax = 3

export interface ScanSource {
  readonly root: FolderRoot
  readonly rules: IgnoreRules
  /** The file system's time at the start. */
  readonly nowNs: bigint
  readonly hasher: Hasher
  readonly links: 'store' | 'skip'
  readonly readers: number
  readonly onStep: OnStep
  readonly options: ScanOptions
}

/**
 * One look at the folder: folders are listed, what has changed is read, and folders that changed in the meantime are listed
 * again, since something that moved from where the walk had yet to come to where it had been would else be in neither.
 * An error that says nothing about a single name (too many open files, a bad disk) ends the scan: it must not look like
 * files that are gone.
 */
export class FolderScan {
  readonly #source: ScanSource
  readonly #reader: ContentReader
  readonly #entries = new Map<string, LocalEntry>()
  readonly #refused = new Map<string, Refusal>()
  readonly #unstable = new Set<string>()
  /** Folders that were listed, by path, and their times before that. */
  readonly #listed = new Map<string, string>()
  /** What was told of folders that are listed again, by folder, and of files in them. */
  #children = new Map<string, string[]>()
  readonly #before = new Map<string, LocalEntry>()
  /** Paths of folders to be listed, and names of files and links to be read. */
  #folders: string[] = []
  #unread: string[] = []
  #bytes = 0

  constructor(source: ScanSource) {
    this.#source = source
    this.#reader = new ContentReader(source, count => {
      source.options.signal?.throwIfAborted()
      this.#bytes += count
      source.options.onProgress?.(this.#entries.size, this.#bytes)
    })
  }

  async run(paths: readonly string[]): Promise<Scan> {
    const reachable = new Map<string, Promise<boolean>>()
    for (const path of paths) {
      if (path === '') this.#folders.push('')
      else if (await this.#isReachable(path, reachable)) this.#lookOrRefuse(path)
    }
    await this.#settle()
    for (let round = 1; ; round++) {
      const changed = await this.#changedFolders()
      if (changed.length === 0) break
      if (round === roundsMax) {
        for (const folder of changed) if (folder !== '') this.#unstable.add(`${folder}/`)
        break
      }
      this.#noteChildren(changed)
      this.#folders.push(...changed)
      await this.#settle()
    }
    for (const name of this.#unstable) this.#entries.delete(name)
    return {
      entries: this.#entries,
      refused: Array.from(this.#refused.values()),
      unstable: Array.from(this.#unstable),
    }
  }

  /** Lists and reads until nothing is left to do. */
  async #settle(): Promise<void> {
    while (this.#folders.length > 0) {
      this.#source.options.signal?.throwIfAborted()
      await Promise.all(this.#folders.splice(-foldersAtOnce).map(folder => this.#list(folder)))
    }
    const unread = this.#unread
    this.#unread = []
    await inParallel(unread, this.#source.readers, name => this.#read(name))
  }

  async #list(folder: string): Promise<void> {
    const path = this.#source.root.absolute(folder)
    const stats = await lookAt(path)
    if (stats?.isDirectory() !== true) return this.#forget(folder)
    this.#listed.set(folder, timesOf(stats))
    try {
      const { names, notText: bytes } = await namesIn(path)
      const prefix = folder === '' ? '' : `${folder}/`
      this.#takeBack(folder, names)
      for (const name of bytes) {
        const refusal = notText(prefix, name)
        this.#refused.set(refusal.name, refusal)
      }
      for (let at = 0; at < names.length; at += looksAtOnce) {
        for (const name of names.slice(at, at + looksAtOnce)) this.#look(prefix + name)
        // Gives others their turn, and shows whether to go on makes sense.
        if ((await lookInTurn(path)) === undefined) break
        this.#source.options.signal?.throwIfAborted()
      }
    } catch (error) {
      if (isAbsent(error)) return this.#forget(folder)
      if (folder === '' || !isDenied(error)) throw error
      this.#forget(folder)
      this.#refuse(notReadable(`${folder}/`))
      return
    }
    // A link that took the folder's place would have shown what lies elsewhere.
    const after = await lookAt(path)
    if (after?.isDirectory() !== true || after.ino !== stats.ino) this.#forget(folder)
  }

  #lookOrRefuse(path: string): void {
    try {
      this.#look(path)
    } catch (error) {
      const above = parentOf(path)
      if (above === undefined || !isDenied(error)) throw error
      this.#refuse(notReadable(above))
    }
  }

  /** Tells what is at a path, or notes that it must be listed or read. */
  #look(path: string): void {
    if (this.#source.rules.ignores(path) && this.#source.rules.ignores(`${path}/`)) return
    const stats = lookAtNow(this.#source.root.absolute(path))
    if (stats === undefined) return
    const name = stats.isDirectory() ? `${path}/` : path
    if (this.#source.rules.ignores(name)) return
    const refusal = refusalOf(name, stats, this.#source.root.device)
    if (refusal !== undefined) {
      this.#refuse(refusal)
      return
    }
    if (stats.isDirectory()) {
      // Listed already: the folder above is listed again.
      if (this.#entries.has(name)) return
      this.#tell(name, {
        content: folderContent,
        mtimeMs: mtimeMsOf(stats),
        fingerprint: fingerprintOf(stats),
      })
      this.#folders.push(path)
      return
    }
    const fingerprint = fingerprintOf(stats)
    const known = this.#before.get(name) ?? this.#source.options.known(name)
    const isSkipped = stats.isSymbolicLink() && this.#source.links === 'skip'
    if (known?.fingerprint === fingerprint && !isSkipped) {
      this.#tell(name, { content: known.content, mtimeMs: mtimeMsOf(stats), fingerprint })
    } else {
      this.#unread.push(name)
    }
  }

  async #read(name: string): Promise<void> {
    this.#source.options.signal?.throwIfAborted()
    const found = await this.#reader.read(name)
    if (found === 'gone') return
    if (found === 'unstable') this.#unstable.add(name)
    else if ('reason' in found) this.#refuse(found)
    else this.#tell(name, found)
  }

  #tell(name: string, entry: LocalEntry): void {
    this.#entries.set(name, entry)
    this.#unstable.delete(name)
    this.#source.options.onProgress?.(this.#entries.size, this.#bytes)
  }

  #refuse(refusal: Refusal): void {
    this.#refused.set(refusal.name, refusal)
  }

  /** The folder is gone, and all that was told of it and noted to be done there. */
  #forget(folder: string): void {
    const isGone = (name: string): boolean => name === `${folder}/` || name.startsWith(`${folder}/`)
    for (const told of [this.#entries, this.#refused, this.#unstable]) {
      for (const name of told.keys()) if (isGone(name)) told.delete(name)
    }
    this.#unread = this.#unread.filter(name => !isGone(name))
    this.#folders = this.#folders.filter(folder => !isGone(`${folder}/`))
    for (const folder of this.#listed.keys()) if (isGone(`${folder}/`)) this.#listed.delete(folder)
  }

  /** What was told of the folders that are to be listed again. */
  #noteChildren(folders: readonly string[]): void {
    this.#children = new Map(folders.map(folder => [folder, []]))
    for (const told of [this.#entries, this.#refused, this.#unstable]) {
      for (const name of told.keys()) this.#children.get(pathOf(parentOf(name) ?? ''))?.push(name)
    }
  }

  /** Before a folder is listed again: files in it are looked at once more, folders that are gone are forgotten. */
  #takeBack(folder: string, names: readonly string[]): void {
    const children = this.#children.get(folder)
    if (children === undefined) return
    this.#children.delete(folder)
    const there = new Set(names.map(name => (folder === '' ? name : `${folder}/${name}`)))
    for (const name of children) {
      const path = pathOf(name)
      this.#refused.delete(name)
      this.#unstable.delete(name)
      if (name !== path) {
        if (!there.has(path) || lookAtNow(this.#source.root.absolute(path))?.isDirectory() !== true)
          this.#forget(path)
        continue
      }
      const entry = this.#entries.get(name)
      if (entry !== undefined) this.#before.set(name, entry)
      this.#entries.delete(name)
    }
  }

  async #changedFolders(): Promise<string[]> {
    const changed: string[] = []
    let looked = 0
    for (const [folder, times] of this.#listed) {
      const path = this.#source.root.absolute(folder)
      looked += 1
      const stats = looked % looksAtOnce === 0 ? await lookInTurn(path) : lookAtNow(path)
      if (stats === undefined || timesOf(stats) !== times) changed.push(folder)
    }
    return changed
  }

  /** Whether all folders above are folders of ours; one that is refused is told instead of what is below. */
  async #isReachable(path: string, seen: Map<string, Promise<boolean>>): Promise<boolean> {
    const above = parentOf(path)
    if (above === undefined) return true
    const before = seen.get(above)
    if (before !== undefined) return before
    const answer = this.#isReachable(pathOf(above), seen).then(
      async reachable => reachable && this.#isOurFolder(above),
    )
    seen.set(above, answer)
    return answer
  }

  async #isOurFolder(name: string): Promise<boolean> {
    const { root } = this.#source
    try {
      const stats = await lookAt(root.absolute(pathOf(name)))
      if (stats?.isDirectory() !== true) return false
      const refusal = refusalOf(name, stats, root.device)
      if (refusal !== undefined) this.#refuse(refusal)
      return refusal === undefined
    } catch (error) {
      const above = parentOf(name)
      if (above === undefined || !isDenied(error)) throw error
      this.#refuse(notReadable(above))
      return false
    }
  }
}

/** A folder's times change when a name in it comes or goes. */
function timesOf({ ino, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino}.${mtimeNs}.${ctimeNs}`
}
