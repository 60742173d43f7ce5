import { conflictName } from '../../../src/sync/plan/conflict-name.js'
import { type Content, type RemoteEntry, type RemoteHead, sameBytes } from '../../../src/sync/trees/entry.js'

interface Version {
  readonly id: string
  readonly name: string
  /** Undefined: a delete marker. */
  readonly content: Content | undefined
  readonly covers: ReadonlySet<string>
}

/** A store of versions that cover others and nothing else. A token is the ids that it covers. */
export class ModelStore {
  readonly #versions = new Map<string, Version>()

  /** Ids come in no order that their age could be told by. */
  #nextId(): string {
    const count = this.#versions.size + 1
    return `v${String((count * 7919) % 10_007).padStart(5, '0')}`
  }

  write(name: string, content: Content | undefined, token: string): { id: string; token: string } {
    const id = this.#nextId()
    const covers = new Set(token.split(' ').filter(each => each !== ''))
    this.#versions.set(id, { id, name, content, covers })
    return { id, token: [...covers, id].join(' ') }
  }

  names(): string[] {
    return [...new Set([...this.#versions.values()].map(({ name }) => name))]
  }

  entry(name: string): RemoteEntry | undefined {
    const versions = [...this.#versions.values()].filter(version => version.name === name)
    const covered = new Set(versions.flatMap(({ covers }) => [...covers]))
    const alive = versions.filter(({ id }) => !covered.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1))
    const heads = alive.flatMap(({ id, content }) => (content === undefined ? [] : [headOf(id, content)]))
    if (heads.length === 0) return undefined
    const context = versions.map(({ id }) => id).join(' ')
    return { heads, besideMarker: heads.length < alive.length, context }
  }

  /** Any version ever had these bytes. */
  everHad(content: Content): boolean {
    return [...this.#versions.values()].some(
      each => each.content !== undefined && sameBytes(each.content, content),
    )
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

function headOf(versionId: string, content: Content): RemoteHead {
  return { versionId, content, mtimeMs: 0, createdAt: new Date(0), client: 'laptop' }
}
