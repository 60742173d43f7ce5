import { conflictName } from '../../../src/sync/plan/conflict-name.js'
import { type Content, type RemoteEntry, type RemoteHead, sameBytes } from '../../../src/sync/trees/entry.js'

interface Version {
  readonly id: string
  /** Undefined: a delete marker. */
  readonly content: Content | undefined
  readonly covers: ReadonlySet<string>
}

/** A store of versions that cover others and nothing else. A token is the ids that it covers. */
export class ModelStore {
  readonly #names = new Map<string, Version[]>()
  readonly #bytes = new Set<string>()
  #count = 0

  write(name: string, content: Content | undefined, token: string): { id: string; token: string } {
    this.#count += 1
    // Ids come in no order that their age could be told by.
    const id = `v${String((this.#count * 7919) % 10_007).padStart(5, '0')}`
    const versions = this.#names.get(name) ?? []
    versions.push({ id, content, covers: idsOf(token) })
    this.#names.set(name, versions)
    if (content !== undefined) this.#bytes.add(bytesOf(content))
    return { id, token: [...idsOf(token), id].join(' ') }
  }

  names(): string[] {
    return [...this.#names.keys()]
  }

  entry(name: string): RemoteEntry | undefined {
    const versions = this.#names.get(name) ?? []
    const covered = new Set(versions.flatMap(({ covers }) => [...covers]))
    const alive = versions.filter(({ id }) => !covered.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1))
    const heads = alive.flatMap(({ id, content }) => (content === undefined ? [] : [headOf(id, content)]))
    if (heads.length === 0) return undefined
    const context = versions.map(({ id }) => id).join(' ')
    return { heads, besideMarker: heads.length < alive.length, context }
  }

  /** Heads that a write with this token would replace. */
  replacedBy(name: string, token: string): readonly RemoteHead[] {
    const ids = idsOf(token)
    return this.entry(name)?.heads.filter(({ versionId }) => ids.has(versionId)) ?? []
  }

  /** Any version ever had these bytes. */
  everHad(content: Content): boolean {
    return this.#bytes.has(bytesOf(content))
  }

  /** Any head has these bytes now. */
  has(content: Content): boolean {
    return this.names().some(name => this.entry(name)?.heads.some(head => sameBytes(head.content, content)))
  }

  copyToConflictName(name: string, head: RemoteHead, planned: string): void {
    for (let attempt = 1, to = planned; ; attempt += 1, to = conflictName(name, head, attempt)) {
      const there = this.entry(to)
      if (there === undefined) this.write(to, head.content, '')
      if (there?.heads.every(({ content }) => sameBytes(content, head.content)) ?? true) return
    }
  }
}

function idsOf(token: string): ReadonlySet<string> {
  return new Set(token.split(' ').filter(id => id !== ''))
}

function bytesOf({ kind, sha256 }: Content): string {
  return `${kind} ${sha256}`
}

function headOf(versionId: string, content: Content): RemoteHead {
  return { versionId, content, mtimeMs: 0, createdAt: new Date(0), client: 'laptop' }
}
