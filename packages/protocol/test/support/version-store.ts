import { TorcError } from '../../src/errors.js'
import { compareKeys } from '../../src/identifiers/key-order.js'
import type * as s from '../../src/store/object-store.js'
import type { RestorableStore } from '../../src/store/restore.js'

interface Stored {
  readonly id: string
  readonly time: number
  /** Undefined: a delete marker. */
  readonly text: string | undefined
  readonly contentType: string
  /** The heads that it replaced, or undefined for all that there were. */
  readonly context: string | undefined
}

/** Versions of keys on a clock of its own: each write happens one second after the one before. */
export class VersionStore implements RestorableStore {
  readonly keys = new Map<string, Stored[]>()
  readonly calls: string[] = []
  seconds = 0
  /** Awaited by every copy, and told which key it is. */
  onCopy: (key: string) => Promise<void> = async () => {}

  get now(): Date {
    return new Date(this.seconds * 1000)
  }

  /** The latest text of each key that is there. */
  get texts(): Record<string, string> {
    const texts: Record<string, string> = {}
    for (const key of this.keys.keys()) {
      const text = this.#latest(key)?.text
      if (text !== undefined) texts[key] = text
    }
    return texts
  }

  write(key: string, text: string | undefined, contentType = 'text/plain', context?: string): string {
    const versions = this.keys.get(key) ?? []
    const id = `v${++this.seconds}`
    this.keys.set(key, [...versions, { id, time: this.seconds * 1000, text, contentType, context }])
    return id
  }

  async *list(bucket: string, options: s.ListOptions = {}): AsyncGenerator<s.ListEntry> {
    const keys = [...this.keys.keys()].filter(key => key.startsWith(options.prefix ?? '')).sort(compareKeys)
    for (const key of keys) {
      if (options.signal?.aborted) throw options.signal.reason
      const latest = this.#latest(key, options.at)
      if (latest?.text !== undefined) yield this.#shown(bucket, key, latest)
    }
  }

  async head(bucket: string, key: string, options: s.GetOptions = {}): Promise<s.VersionInfo> {
    this.calls.push(`head ${key}`)
    const named = (this.keys.get(key) ?? []).find(({ id }) => id === options.versionId)
    const found = options.versionId === undefined ? this.#latest(key) : named
    if (found === undefined || found.text === undefined) {
      const details = found === undefined ? {} : { details: { context: found.id } }
      throw new TorcError('KEY_NOT_FOUND', `there is no ${key}`, details)
    }
    return this.#shown(bucket, key, found)
  }

  async copy(source: s.CopySource, bucket: string, key: string, options: s.CopyOptions = {}) {
    this.calls.push(`copy ${key} of ${source.versionId} covering ${options.context}`)
    await this.onCopy(key)
    const { text, contentType } = this.#version(source.key, source.versionId ?? '')
    const versionId = this.write(key, text, contentType, options.context)
    const info = this.#shown(bucket, key, this.#version(key, versionId))
    return { ...info, ...written, sourceVersionId: source.versionId ?? '', sourceContext: '' }
  }

  async delete(bucket: string, key: string, options: s.DeleteOptions = {}): Promise<s.DeleteResult> {
    this.calls.push(`mark ${key} covering ${options.context}`)
    return { bucket, key, removed: [], marker: this.write(key, undefined), context: '' }
  }

  #latest(key: string, at?: Date): Stored | undefined {
    return (this.keys.get(key) ?? []).filter(({ time }) => at === undefined || time <= at.getTime()).at(-1)
  }

  #version(key: string, id: string): Stored {
    const found = (this.keys.get(key) ?? []).find(version => version.id === id)
    if (found === undefined) throw new TorcError('VERSION_NOT_FOUND', `${key} has no version ${id}`)
    return found
  }

  #shown(bucket: string, key: string, { id, time, text = '', contentType }: Stored): s.VersionInfo {
    return {
      ...{ bucket, key, versionId: id, kind: 'object', size: text.length, etag: text, sha256: text },
      ...{
        contentType,
        metadata: [],
        createdAt: new Date(time),
        isLatest: true,
        isNull: false,
        siblings: [],
      },
      ...{ context: id, clock: {}, degraded: false },
    }
  }
}

const written = {
  ...{
    seq: 1,
    mintedBy: '',
    preferenceList: [],
    replicasWritten: [],
    vectorClocks: {},
    down: [],
    hinted: {},
  },
  ...{ deduplicatedBytes: 0, sentBytes: 0 },
}
