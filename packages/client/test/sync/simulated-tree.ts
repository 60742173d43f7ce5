import { createHash } from 'node:crypto'
import { pathOf } from '../../src/sync/local/paths.js'
import { type Content, type Fingerprint, folderContent, parentOf } from '../../src/sync/trees/entry.js'

/** What lies at one path. `stamp` is another one after each change, as the time of an inode's change would be. */
export interface Node {
  readonly kind: 'file' | 'folder' | 'link'
  readonly bytes: Uint8Array
  readonly executable: boolean
  readonly mtimeMs: number
  readonly stamp: number
}

export function contentOf(node: Node): Content {
  if (node.kind === 'folder') return folderContent
  const sha256 = createHash('sha256').update(node.bytes).digest('hex')
  return { kind: node.kind, sha256, size: node.bytes.length, executable: node.executable }
}

export function fingerprintOf(node: Node): Fingerprint {
  return `${node.kind}-${node.stamp}`
}

/** A file system in memory: paths to nodes, a folder for each parent. What can't be done throws, as it would on a disk. */
export class SimulatedTree {
  readonly #nodes = new Map<string, Node>()
  #stamp = 0

  get(path: string): Node | undefined {
    return this.#nodes.get(path)
  }

  /** The name of what is at the path: a folder's ends with `/`. */
  nameOf(path: string): string {
    return this.get(path)?.kind === 'folder' ? `${path}/` : path
  }

  /** All paths, in the order in which they were made. */
  paths(): readonly string[] {
    return Array.from(this.#nodes.keys())
  }

  below(path: string): readonly string[] {
    return this.paths().filter(other => path === '' || other.startsWith(`${path}/`))
  }

  stamp(): number {
    this.#stamp += 1
    return this.#stamp
  }

  /** A file or link; the parent must be there, and no folder. */
  put(path: string, node: Node): void {
    this.#needParent(path)
    if (this.#nodes.get(path)?.kind === 'folder') throw new Error(`${path} is a folder`)
    this.#nodes.set(path, node)
  }

  /** Folders up to and with `path` that are not there yet; undefined where something else is in the way. */
  makeFolders(path: string, mtimeMs: number): readonly string[] | undefined {
    const made: string[] = []
    const parts = path === '' ? [] : path.split('/')
    for (let count = 1; count <= parts.length; count++) {
      const folder = parts.slice(0, count).join('/')
      const there = this.#nodes.get(folder)
      if (there !== undefined && there.kind !== 'folder') return undefined
      if (there !== undefined) continue
      const bytes = new Uint8Array()
      this.#nodes.set(folder, { kind: 'folder', bytes, executable: false, mtimeMs, stamp: this.stamp() })
      made.push(folder)
    }
    return made
  }

  /** What is at the path, and all below it. */
  take(path: string): readonly (readonly [path: string, node: Node])[] {
    const taken = [path, ...this.below(path)].flatMap(each => {
      const node = this.#nodes.get(each)
      return node === undefined ? [] : [[each, node] as const]
    })
    for (const [each] of taken) this.#nodes.delete(each)
    return taken
  }

  /** A file replaces a file, as `rename` does; what moves has other stamps then. */
  move(from: string, to: string): void {
    if (!this.#nodes.has(from)) throw new Error(`${from} is not there`)
    if (`${to}/`.startsWith(`${from}/`)) throw new Error(`${to} lies in ${from}`)
    this.#needParent(to)
    if (this.#nodes.has(to) && (this.get(to)?.kind === 'folder' || this.get(from)?.kind === 'folder')) {
      throw new Error(`${to} is in the way`)
    }
    for (const [path, node] of this.take(from)) {
      this.#nodes.set(to + path.slice(from.length), { ...node, stamp: this.stamp() })
    }
  }

  #needParent(path: string): void {
    const parent = parentOf(path)
    if (parent !== undefined && this.#nodes.get(pathOf(parent))?.kind !== 'folder') {
      throw new Error(`there is no folder for ${path}`)
    }
  }
}
