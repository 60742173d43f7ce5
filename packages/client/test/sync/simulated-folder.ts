import { TorcError } from '@torc/protocol/errors'
import type { ChangeStep, OnStep } from '../../src/sync/local/change-steps.js'
import { IgnoreRules, ignoreFileName } from '../../src/sync/local/ignore-rules.js'
import { linkLeads, linkStaysInside } from '../../src/sync/local/link-target.js'
import { keptName, outermost, partsOf, pathOf } from '../../src/sync/local/paths.js'
import type { LocalFolder, Outcome, Scan, ScanOptions } from '../../src/sync/ports/local-folder.js'
import { type Content, type Fingerprint, isFolderName, parentOf } from '../../src/sync/trees/entry.js'
import type { Gone, Workplace } from './convergence/workplace.js'
import { scanTree } from './simulated-scan.js'
import { contentOf, fingerprintOf, type Node, SimulatedTree } from './simulated-tree.js'

/** What a test throws in `beforeStep` where the process dies: nothing is tidied up; `recover` heals. */
export class Killed extends Error {}

export interface SimulatedFolderOptions {
  readonly links?: 'store' | 'skip'
  /** Whether this mark is lost; none is when absent. */
  readonly losesMark?: (() => boolean) | undefined
}

interface Aside {
  readonly path: string
  readonly node: Node
  readonly expected: Fingerprint
}

/** The folder of `DiskFolder`, with the same rules, over a tree in memory; and the person who works in it. */
export class SimulatedFolder implements LocalFolder, Workplace {
  /** Called where the real folder could be overtaken or killed; a test edits the folder there, or throws `Killed`. */
  beforeStep: OnStep = () => {}
  /** Said of the folder as a whole: unmounted, moved. */
  rootGone = false
  readonly #tree = new SimulatedTree()
  readonly #asides = new Set<Aside>()
  /** Paths that may not be read. */
  readonly #denied = new Set<string>()
  readonly #watchers = new Set<(path: string) => void>()
  readonly #links: 'store' | 'skip'
  readonly #losesMark: () => boolean
  #rules = new IgnoreRules('')
  #nowMs = 1_700_000_000_000

  constructor({ links = 'store', losesMark = () => false }: SimulatedFolderOptions = {}) {
    this.#links = links
    this.#losesMark = losesMark
  }

  // What a person does.

  userWrite(path: string, text: string | Uint8Array): Gone {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    const executable = this.#tree.get(path)?.executable ?? false
    return this.#userPut(path, 'file', bytes, executable)
  }

  userLink(path: string, target: string): Gone {
    return this.#userPut(path, 'link', Buffer.from(target), false)
  }

  userMakeFolder(path: string): void {
    const made = this.#tree.makeFolders(path, this.#time())
    if (made === undefined) throw new Error(`a file is in the way of ${path}`)
    for (const folder of made) this.#mark(folder)
  }

  userRemove(path: string): Gone {
    const taken = this.#tree.take(path)
    for (const [each] of taken) this.#mark(each)
    return taken.map(([each, node]) =>
      node.kind === 'folder' ? [`${each}/`, undefined] : [each, textOf(node)],
    )
  }

  /** Only the two paths are marked, as by a watcher. */
  userRename(from: string, to: string): Gone {
    this.#userParent(to)
    const moved = [from, ...this.#tree.below(from)].map(each => this.#tree.nameOf(each))
    const replaced = this.userRead(to)
    this.#tree.move(from, to)
    this.#mark(from)
    this.#mark(to)
    const gone = moved.map(name => [name, undefined] as const)
    return replaced === undefined ? gone : [...gone, [to, replaced]]
  }

  userTouch(path: string): void {
    this.#userChange(path, node => ({ ...node, mtimeMs: this.#time() }))
  }

  userChmod(path: string, executable: boolean): void {
    this.#userChange(path, node => ({ ...node, executable }))
  }

  /** Takes the right to read a file or folder away, or gives it back. */
  userDeny(path: string, denied: boolean): void {
    if (denied) this.#denied.add(path)
    else this.#denied.delete(path)
    this.#userChange(path, node => node)
  }

  userRead(path: string): string | undefined {
    const node = this.#tree.get(path)
    return node === undefined || node.kind === 'folder' ? undefined : textOf(node)
  }

  userMtimeMs(path: string): number | undefined {
    return this.#tree.get(path)?.mtimeMs
  }

  userList(): readonly string[] {
    return this.#tree
      .paths()
      .map(path => this.#tree.nameOf(path))
      .sort()
  }

  // The port.

  async checkRoot(): Promise<void> {
    this.#checkRoot()
  }

  async scan(options: ScanOptions): Promise<Scan> {
    return this.#scan([''], options)
  }

  async scanAt(paths: readonly string[], options: ScanOptions): Promise<Scan> {
    return this.#scan(outermost(paths), options)
  }

  ignores(name: string): boolean {
    return this.#rules.ignores(name)
  }

  async read(name: string, expected: Fingerprint): Promise<AsyncIterable<Uint8Array> | 'changed'> {
    if (!this.#is(name, expected)) return 'changed'
    const same = (): Node => {
      const node = this.#tree.get(name)
      if (node !== undefined && fingerprintOf(node) === expected) return node
      throw new TorcError('CONFLICT', `${name} changed while it was read`)
    }
    return {
      async *[Symbol.asyncIterator]() {
        const { bytes } = same()
        const half = bytes.length >> 1
        yield bytes.subarray(0, half)
        yield bytes.subarray(half)
        same()
      },
    }
  }

  async write(
    name: string,
    content: Content,
    mtimeMs: number,
    body: AsyncIterable<Uint8Array>,
    expected: Fingerprint | undefined,
  ): Promise<Outcome> {
    this.#begin(name)
    if (!this.#is(name, expected)) return 'changed'
    const pieces: Uint8Array[] = []
    for await (const piece of body) pieces.push(Uint8Array.from(piece))
    const bytes = Buffer.concat(pieces)
    if (content.kind === 'link') this.#checkLink(name, bytes.toString())
    const node = this.#newNode(content, bytes, mtimeMs)
    if (content.sha256 !== '' && contentOf(node).sha256 !== content.sha256) {
      throw new TorcError('CHECKSUM', `the bytes of ${name} are not those that were announced`)
    }
    this.#step('make', name)
    return this.#replace(name, node, expected)
  }

  async copy(
    from: { readonly name: string; readonly fingerprint: Fingerprint; readonly sha256: string },
    name: string,
    content: Content,
    mtimeMs: number,
    expected: Fingerprint | undefined,
  ): Promise<Outcome> {
    this.#begin(name)
    if (!this.#is(name, expected)) return 'changed'
    this.#step('make', name)
    const source = this.#is(from.name, from.fingerprint) ? this.#tree.get(from.name) : undefined
    if (source === undefined || source.kind !== content.kind) return 'changed'
    if (contentOf(source).sha256 !== from.sha256) return 'changed'
    if (content.kind === 'link') this.#checkLink(name, Buffer.from(source.bytes).toString())
    return this.#replace(name, this.#newNode(content, source.bytes, mtimeMs), expected)
  }

  async setExecutable(name: string, executable: boolean, expected: Fingerprint): Promise<Outcome> {
    this.#begin(name)
    const node = this.#tree.get(name)
    if (node?.kind !== 'file' || fingerprintOf(node) !== expected) return 'changed'
    this.#tree.put(name, { ...node, executable, stamp: this.#tree.stamp() })
    return this.#done(name)
  }

  async makeFolder(name: string): Promise<Outcome> {
    this.#begin(name)
    const path = pathOf(name)
    this.#makeParents(name)
    const there = this.#tree.get(path)
    if (there !== undefined && there.kind !== 'folder') return 'changed'
    for (const made of this.#tree.makeFolders(path, this.#time()) ?? []) this.#mark(made)
    return this.#done(name)
  }

  async remove(name: string, expected: Fingerprint | undefined): Promise<'removed' | 'changed'> {
    this.#begin(name)
    const path = pathOf(name)
    const node = this.#tree.get(path)
    if (node === undefined || (node.kind === 'folder') !== isFolderName(name)) return 'removed'
    if (node.kind === 'folder') {
      if (this.#tree.below(path).length > 0) return 'changed'
      this.#tree.take(path)
      this.#mark(path)
      return 'removed'
    }
    if (expected === undefined || fingerprintOf(node) !== expected) return 'changed'
    const aside = this.#takeAside(path, expected)
    if (aside === 'gone') return 'removed'
    if (aside === 'changed') return 'changed'
    this.#step('clear', name)
    this.#asides.delete(aside)
    this.#mark(path)
    return 'removed'
  }

  async recover(): Promise<void> {
    for (const aside of this.#asides) {
      const known = fingerprintOf(aside.node) === aside.expected
      if (this.#tree.get(aside.path) === undefined || !known) this.#putBack(aside)
      this.#asides.delete(aside)
    }
  }

  async watch(onMark: (path: string) => void): Promise<() => Promise<void>> {
    const watcher = (path: string): void => onMark(path)
    this.#watchers.add(watcher)
    return async () => void this.#watchers.delete(watcher)
  }

  #scan(paths: readonly string[], options: ScanOptions): Scan {
    this.#checkRoot()
    options.signal?.throwIfAborted()
    const file = this.#tree.get(ignoreFileName)
    this.#rules = new IgnoreRules(file?.kind === 'file' ? Buffer.from(file.bytes).toString() : '')
    const source = { tree: this.#tree, rules: this.#rules, links: this.#links, denied: this.#denied }
    return scanTree({ ...source, onStep: (step, name) => this.#step(step, name) }, paths, options)
  }

  #replace(name: string, node: Node, expected: Fingerprint | undefined): Outcome {
    this.#makeParents(name)
    const aside = expected === undefined ? undefined : this.#takeAside(name, expected)
    if (aside === 'changed' || aside === 'gone') return 'changed'
    this.#step('place', name)
    const parent = parentOf(name)
    const isTaken = this.#tree.get(name) !== undefined
    const isAstray = parent !== undefined && this.#tree.get(pathOf(parent))?.kind !== 'folder'
    if (isTaken || isAstray) {
      if (aside === undefined) return 'changed'
      if (isAstray) this.#putBack(aside)
      this.#asides.delete(aside)
      return 'changed'
    }
    this.#tree.put(name, node)
    this.#mark(name)
    const done = this.#done(name)
    this.#step('clear', name)
    if (aside !== undefined) this.#asides.delete(aside)
    return done
  }

  /** Takes what is at the path aside and compares it; where it is not `expected`, it is put back. */
  #takeAside(path: string, expected: Fingerprint): Aside | 'changed' | 'gone' {
    this.#step('aside', path)
    const node = this.#tree.get(path)
    if (node === undefined) return 'gone'
    if (node.kind === 'folder') return 'changed'
    this.#tree.take(path)
    const aside = { path, node, expected }
    this.#asides.add(aside)
    this.#step('compare', path)
    if (fingerprintOf(node) === expected) return aside
    this.#step('back', path)
    this.#putBack(aside)
    this.#asides.delete(aside)
    return 'changed'
  }

  /** Nothing is overwritten: where somebody made something under the name, what was aside gets a name beside it. */
  #putBack({ path, node }: Aside): void {
    const parent = parentOf(path)
    const made = parent === undefined ? [] : this.#tree.makeFolders(pathOf(parent), this.#time())
    const wanted = made === undefined ? path.slice(path.lastIndexOf('/') + 1) : path
    let free = wanted
    for (let attempt = 1; this.#tree.get(free) !== undefined; attempt++) free = keptName(wanted, attempt)
    this.#tree.put(free, { ...node, stamp: this.#tree.stamp() })
    this.#mark(free)
  }

  #userPut(path: string, kind: 'file' | 'link', bytes: Uint8Array, executable: boolean): Gone {
    this.#userParent(path)
    const replaced = this.userRead(path)
    this.#tree.put(path, { kind, bytes, executable, mtimeMs: this.#time(), stamp: this.#tree.stamp() })
    this.#mark(path)
    return replaced === undefined ? [] : [[path, replaced]]
  }

  #userParent(path: string): void {
    const parent = parentOf(path)
    if (parent !== undefined) this.userMakeFolder(pathOf(parent))
  }

  #userChange(path: string, change: (node: Node) => Node): void {
    const node = this.#tree.get(path)
    if (node === undefined) throw new Error(`${path} is not there`)
    if (node.kind !== 'folder') this.#tree.put(path, { ...change(node), stamp: this.#tree.stamp() })
    this.#mark(path)
  }

  #newNode({ kind, executable }: Content, bytes: Uint8Array, mtimeMs: number): Node {
    return { kind, bytes, executable: kind === 'file' && executable, mtimeMs, stamp: this.#tree.stamp() }
  }

  #begin(name: string): void {
    this.#checkRoot()
    partsOf(name)
    this.#step('check', name)
  }

  #checkRoot(): void {
    if (this.rootGone) throw new TorcError('SYNC_ROOT_GONE', 'the folder is no longer there')
  }

  #checkLink(name: string, target: string): void {
    if (this.#links === 'skip' || !linkStaysInside(name, target)) {
      throw new TorcError('FILE_ACCESS', `${name}: ${linkLeads.reason}`, { hint: linkLeads.hint })
    }
  }

  #makeParents(name: string): void {
    const parent = parentOf(name)
    if (parent === undefined) return
    const made = this.#tree.makeFolders(pathOf(parent), this.#time())
    if (made === undefined) throw new TorcError('FILE_ACCESS', `a file is in the way of ${name}`)
    for (const folder of made) this.#mark(folder)
  }

  /** Whether the name is what a change was planned for; undefined: nothing is there. */
  #is(name: string, expected: Fingerprint | undefined): boolean {
    const node = this.#tree.get(name)
    return node === undefined ? expected === undefined : fingerprintOf(node) === expected
  }

  #done(name: string): Outcome {
    const node = this.#tree.get(pathOf(name))
    if (node === undefined) return 'changed'
    return { done: { content: contentOf(node), mtimeMs: node.mtimeMs, fingerprint: fingerprintOf(node) } }
  }

  #step(step: ChangeStep, name: string): void {
    this.beforeStep(step, name)
  }

  #mark(path: string): void {
    for (const watcher of this.#watchers) if (!this.#losesMark()) watcher(path)
  }

  #time(): number {
    this.#nowMs += 1
    return this.#nowMs
  }
}

function textOf({ bytes }: Node): string {
  return Buffer.from(bytes).toString()
}
