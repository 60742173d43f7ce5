import { limits } from '@torc/protocol/limits'
import { nameProblem } from '../plan/names.js'
import type { World } from '../plan/world.js'
import { type LocalEntry, otherType, type RemoteEntry, type SyncedEntry, type Triple } from './entry.js'
import { fold } from './fold.js'
import { NameIndex } from './name-index.js'
import { RemoteTree } from './remote-tree.js'
import { Tree } from './tree.js'

export interface TreeWorldOptions {
  /** Where its answers change, `judgeAgain` has to be called. */
  readonly ignored?: ((name: string) => boolean) | undefined
  /** What the prefix leaves of a key's length. */
  readonly nameBytesMax?: number | undefined
}

/** The three trees, and the indexes over them that the planner asks. These follow every change, so trees are written here only. */
export class TreeWorld implements World {
  readonly #local = new Tree<LocalEntry>()
  readonly #remote: RemoteTree
  readonly #synced = new Tree<SyncedEntry>()
  #unseen = new Tree<true>()
  readonly #ignored: (name: string) => boolean
  readonly #namesHere = new NameIndex()
  readonly #namesSynced = new NameIndex()
  /** Only names that are not their own fold: most are. */
  readonly #folded = new NameIndex()
  #syncedFiles = 0

  constructor({ ignored = () => false, nameBytesMax = limits.keyBytesMax }: TreeWorldOptions = {}) {
    this.#ignored = ignored
    this.#remote = new RemoteTree(name => !ignored(name) && nameProblem(name, nameBytesMax) === undefined)
  }

  get local(): Pick<Tree<LocalEntry>, 'get' | 'has' | 'size' | 'names' | 'entries' | 'below'> {
    return this.#local
  }

  get remote(): Pick<RemoteTree, 'get' | 'has' | 'names' | 'entries' | 'below'> {
    return this.#remote
  }

  get synced(): Pick<Tree<SyncedEntry>, 'get' | 'has' | 'size' | 'names' | 'entries' | 'below'> {
    return this.#synced
  }

  /** Files and links that are synced: what a number of deletes is compared with. */
  get syncedFiles(): number {
    return this.#syncedFiles
  }

  setLocal(name: string, entry: LocalEntry | undefined): void {
    const before = this.#local.get(name)
    if (entry === undefined) this.#local.delete(name)
    else this.#local.set(name, entry)
    this.#namesHere.move(name, before?.content.sha256, entry?.content.sha256)
    this.#foldAgain(name)
  }

  /** Answers which names are other than before: this one, and implied folders that came or went with it. All are to be planned. */
  setRemote(name: string, entry: RemoteEntry | undefined): readonly string[] {
    const changed = this.#remote.set(name, entry)
    for (const each of changed) this.#foldAgain(each)
    return changed
  }

  /** What is ignored has changed. */
  judgeAgain(): void {
    for (const name of this.#remote.judgeAgain()) this.#foldAgain(name)
  }

  setSynced(name: string, entry: SyncedEntry | undefined): void {
    const before = this.#synced.get(name)
    if (entry === undefined) this.#synced.delete(name)
    else this.#synced.set(name, entry)
    this.#namesSynced.move(name, before?.content.sha256, entry?.content.sha256)
    this.#syncedFiles += countsAsFile(entry) - countsAsFile(before)
    this.#foldAgain(name)
  }

  /** What the scan found and could not look at, or saw change while it read it, in place of what was told before; below a folder, all is unseen. */
  setUnseen(names: Iterable<string>): void {
    this.#unseen = new Tree()
    for (const name of names) this.#unseen.set(name, true)
  }

  triple(name: string): Triple {
    return { local: this.#local.get(name), remote: this.#remote.get(name), synced: this.#synced.get(name) }
  }

  childrenHere(folder: string): Iterable<string> {
    return this.#local.children(folder)
  }

  childrenThere(folder: string): Iterable<string> {
    return this.#remote.children(folder)
  }

  below(folder: string): Iterable<string> {
    const trees = [this.#local, this.#remote, this.#synced]
    return new Set(trees.flatMap(tree => [...tree.below(folder)]))
  }

  sameFold(name: string): readonly string[] {
    const folded = fold(name)
    const found: string[] = []
    for (const each of [folded, otherType(folded)]) {
      if (this.#isThere(each)) found.push(each)
      for (const other of this.#folded.get(each)) found.push(other)
    }
    return found
  }

  namesHere(sha256: string): Iterable<string> {
    return this.#namesHere.get(sha256)
  }

  namesSynced(sha256: string): Iterable<string> {
    return this.#namesSynced.get(sha256)
  }

  ignored(name: string): boolean {
    return this.#ignored(name)
  }

  unseen(name: string): boolean {
    if (this.#unseen.size === 0) return false
    if (this.#unseen.has(name)) return true
    for (let slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
      if (this.#unseen.has(name.slice(0, slash + 1))) return true
    }
    return false
  }

  unseenBelow(folder: string): boolean {
    return this.#unseen.hasBelow(folder)
  }

  #isThere(name: string): boolean {
    return this.#local.has(name) || this.#remote.has(name) || this.#synced.has(name)
  }

  #foldAgain(name: string): void {
    const folded = fold(name)
    if (folded !== name) {
      this.#folded.move(name, folded, this.#isThere(name) ? folded : undefined)
    }
  }
}

function countsAsFile(entry: SyncedEntry | undefined): number {
  return entry === undefined || entry.content.kind === 'folder' ? 0 : 1
}
