import type { Triple } from '../trees/entry.js'

/** What the planner may ask about the three trees. Each answer costs about as much as it is long. */
export interface World {
  triple(name: string): Triple
  /** Names directly in the folder on this machine. */
  childrenHere(folder: string): Iterable<string>
  /** Names directly in the folder in the store, implied ones too; none that isn't synced. */
  childrenThere(folder: string): Iterable<string>
  /** All names below the folder in any of the trees. */
  below(folder: string): Iterable<string>
  /** Names in any of the trees that are the same but for letters' case and Unicode form, and but for their type; `name` too. */
  sameFold(name: string): readonly string[]
  /** Names on this machine with these bytes. */
  namesHere(sha256: string): Iterable<string>
  /** Names of which these bytes were synced. */
  namesSynced(sha256: string): Iterable<string>
  /** The user wants it left alone, on both sides. */
  ignored(name: string): boolean
  /** What is here under this name could not be looked at: it is neither there nor gone. */
  unseen(name: string): boolean
  /** The same of something below the folder. */
  unseenBelow(folder: string): boolean
}
