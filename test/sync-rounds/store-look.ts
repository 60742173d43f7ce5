import type { Store } from '@torc/client'
import { contentOf } from '@torc/client/sync/remote/metadata'
import { StoreFolder } from '@torc/client/sync/remote/store-folder'
import { contentWords } from './folder-look.js'

/** What the store holds of the prefix now. */
export interface LiveLook {
  /** In the words of `contentWords`, implied folders too. */
  readonly contents: ReadonlyMap<string, string>
  /** Names with heads that are not the same. */
  readonly conflicts: readonly string[]
}

/** Version id → in the words of `contentWords`, or `marker`. */
export type Versions = ReadonlyMap<string, string>

/** Reads a prefix of the store through the client library. */
export class StoreLook {
  readonly #store: Store
  readonly #bucket: string
  readonly #prefix: string
  /** Versions that the feed told, `NAME ID`. */
  readonly told = new Set<string>()
  #cursor: string | undefined

  constructor(store: Store, bucket: string, prefix: string) {
    this.#store = store
    this.#bucket = bucket
    this.#prefix = prefix
  }

  async live(): Promise<LiveLook> {
    const folder = new StoreFolder(this.#store, {
      bucket: this.#bucket,
      prefix: this.#prefix,
      client: 'judge',
    })
    const contents = new Map<string, string>()
    const conflicts: string[] = []
    for await (const [name, { heads, besideMarker }] of folder.list()) {
      const all = new Set(heads.map(({ content }) => wordsOf(content)))
      if (all.size > 1 || besideMarker) conflicts.push(name)
      contents.set(name, [...all].join(' | '))
      for (let slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1))
        contents.set(name.slice(0, slash + 1), 'folder')
    }
    return { contents, conflicts }
  }

  /** The whole history of all names. */
  async versions(): Promise<ReadonlyMap<string, Versions>> {
    const found = new Map<string, Map<string, string>>()
    const options = { prefix: this.#prefix, details: true }
    for await (const listed of this.#store.versions(this.#bucket, options)) {
      if ('prefix' in listed) continue
      const { key, versionId, kind, size, sha256, contentType, metadata } = listed
      const name = key.slice(this.#prefix.length)
      const versions = found.get(name) ?? new Map<string, string>()
      found.set(name, versions)
      if (kind === 'marker') versions.set(versionId, kind)
      else if (sha256 === undefined || contentType === undefined || metadata === undefined)
        throw new Error(`${name}: the listing tells no details of version ${versionId}`)
      else {
        const facts = { size, sha256, contentType, metadata, parts: listed.parts }
        versions.set(versionId, wordsOf(contentOf(name, facts)))
      }
    }
    return found
  }

  /** Reads on in the feed of changes. The first call only says where that begins. */
  async readFeed(): Promise<void> {
    for (;;) {
      const options = { prefix: this.#prefix, cursor: this.#cursor }
      const { changes, cursor, more, reset } = await this.#store.changes(this.#bucket, options)
      if (reset) throw new Error('the feed of changes begins anew')
      for (const { key, versionId, type } of changes) {
        if (type !== 'remove') this.told.add(`${key.slice(this.#prefix.length)} ${versionId}`)
      }
      this.#cursor = cursor
      if (!more) return
    }
  }
}

function wordsOf({ kind, sha256, executable }: ReturnType<typeof contentOf>): string {
  return contentWords(kind, sha256, executable)
}
