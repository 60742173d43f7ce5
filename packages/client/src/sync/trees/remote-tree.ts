import { isFolderName, parentOf, type RemoteEntry } from './entry.js'
import { Tree } from './tree.js'

const implied: RemoteEntry = Object.freeze({ heads: Object.freeze([]), besideMarker: false, context: '' })

/**
 * The names of the store, and the folders that they imply: with `a/b.txt` there is an `a/`, until the last key below it
 * goes. Names that are not synced (they can't be, or are ignored) are kept too, so that a person can be told of them, but
 * imply nothing and lie in no folder: for them no folder is made, kept, or put before a file.
 */
export class RemoteTree {
  readonly #tree = new Tree<RemoteEntry>()
  readonly #aside = new Map<string, RemoteEntry>()
  readonly #isSynced: (name: string) => boolean

  constructor(isSynced: (name: string) => boolean) {
    this.#isSynced = isSynced
  }

  get(name: string): RemoteEntry | undefined {
    return this.#tree.get(name) ?? this.#aside.get(name) ?? (this.#implies(name) ? implied : undefined)
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** Answers which names are other than before: this one, and implied folders that came or went with it. */
  set(name: string, entry: RemoteEntry | undefined): readonly string[] {
    const before = this.#presence(name)
    // Where it was kept was for the rules of then.
    const synced = this.#isSynced(name)
    if (entry === undefined || !synced) this.#tree.delete(name)
    if (entry === undefined || synced) this.#aside.delete(name)
    if (entry !== undefined && synced) this.#tree.set(name, entry)
    if (entry !== undefined && !synced) this.#aside.set(name, entry)
    const folders = before.filter(([folder, was]) => this.has(folder) !== was).map(([folder]) => folder)
    return [name, ...folders]
  }

  /** After a change of what is synced: answers the implied folders that came or went with it. */
  judgeAgain(): readonly string[] {
    const moved = [
      ...[...this.#tree.entries()].filter(([name]) => !this.#isSynced(name)),
      ...[...this.#aside].filter(([name]) => this.#isSynced(name)),
    ]
    return moved.flatMap(([name, entry]) => this.set(name, entry))
  }

  /** A key lies below the folder. */
  hasBelow(folder: string): boolean {
    return this.#tree.hasBelow(folder)
  }

  /** Names directly in the folder, implied ones too. */
  children(folder: string): Iterable<string> {
    return this.#tree.children(folder)
  }

  /** All names below the folder, implied ones too. */
  *below(folder: string): Generator<string> {
    for (const name of this.children(folder)) {
      yield name
      if (isFolderName(name)) yield* this.below(name)
    }
  }

  /** Names with heads: implied folders are not among them. */
  *entries(): Generator<[string, RemoteEntry]> {
    yield* this.#tree.entries()
    yield* this.#aside.entries()
  }

  *names(): Generator<string> {
    yield* this.#tree.names()
    yield* this.#aside.keys()
  }

  #implies(name: string): boolean {
    return isFolderName(name) && this.#tree.hasBelow(name)
  }

  #presence(name: string): [folder: string, there: boolean][] {
    const folders: [string, boolean][] = []
    for (let folder = parentOf(name); folder !== undefined; folder = parentOf(folder)) {
      folders.push([folder, this.has(folder)])
    }
    return folders
  }
}
