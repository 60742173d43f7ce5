import { createHash } from 'node:crypto'
import type { ChangeStep, OnStep } from '../../src/sync/local/change-steps.js'
import type { LocalFolder, Scan } from '../../src/sync/ports/local-folder.js'
import type { Content, Fingerprint, LocalEntry } from '../../src/sync/trees/entry.js'

/** Who works in the folder, beside the client. Paths are below it; all is done at once. */
export interface Person {
  /** Makes parents too. A file that is there keeps its inode, as where an editor writes in place. */
  write(path: string, text: string): void
  link(path: string, target: string): void
  makeFolder(path: string): void
  remove(path: string): void
  rename(from: string, to: string): void
  touch(path: string): void
  chmod(path: string, executable: boolean): void
  /** Text of a file or target of a link; undefined where neither is. */
  read(path: string): string | undefined
  mtimeMs(path: string): number | undefined
  /** Names of all that is there, sorted, without what is ours. */
  list(): readonly string[]
}

/** A change as data, so that another process can be told to carry it out. */
export type Change =
  | { readonly does: 'write'; readonly name: string; readonly text: string; readonly expected?: Fingerprint }
  | { readonly does: 'remove'; readonly name: string; readonly expected: Fingerprint }

export interface FolderUnderTest {
  readonly folder: LocalFolder
  readonly person: Person
  /** Who is told at each point where a change could be overtaken. */
  onStep(listener: OnStep): void
  /** Carries a change out and dies at the step, or comes to its end where that does not happen. */
  crashAt(step: ChangeStep, change: Change): Promise<void>
  /** The folder as the next process opens it. */
  reopen(): Promise<LocalFolder>
}

export interface FolderOptions {
  readonly links?: 'store' | 'skip'
}

export function file(text: string, executable = false): Content {
  const bytes = Buffer.from(text)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { kind: 'file', sha256, size: bytes.length, executable }
}

export function link(target: string): Content {
  return { ...file(target), kind: 'link' }
}

export async function* bodyOf(...pieces: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece)
}

export async function carryOut(folder: LocalFolder, change: Change): Promise<'done' | 'changed'> {
  if (change.does === 'remove') {
    return (await folder.remove(change.name, change.expected)) === 'removed' ? 'done' : 'changed'
  }
  const { name, text, expected } = change
  const outcome = await folder.write(name, file(text), 1_600_000_000_000, bodyOf(text), expected)
  return outcome === 'changed' ? 'changed' : 'done'
}

export const nothingKnown = { known: () => undefined }

/** What a scan told, by name: hash, `x` where it may be executed. */
export function told(scan: Scan): Record<string, string> {
  const name = ({ content }: LocalEntry): string => content.kind + (content.executable ? '+x ' : ' ')
  const pairs = Array.from(scan.entries, ([key, entry]) => [key, name(entry) + entry.content.sha256] as const)
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)))
}

export function contents(expected: Record<string, Content>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(expected).map(([name, content]) => [
      name,
      `${content.kind}${content.executable ? '+x' : ''} ${content.sha256}`,
    ]),
  )
}

/** The entry of a name that a scan must have told. */
export function entryOf(scan: Scan, name: string): LocalEntry {
  const entry = scan.entries.get(name)
  if (entry === undefined) throw new Error(`the scan did not tell ${name}`)
  return entry
}

export async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(Uint8Array.from(piece))
  return Buffer.concat(pieces).toString()
}
