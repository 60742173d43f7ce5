import fc from 'fast-check'
import {
  type Content,
  folderContent,
  isFolderName,
  parentOf,
  type SyncedEntry,
  sameContent,
} from '../../../src/sync/trees/entry.js'
import { ModelClient } from './model-client.js'
import { ModelStore } from './model-store.js'

const file = fc
  .record({
    kind: fc.constantFrom<'file' | 'link'>('file', 'file', 'file', 'link'),
    sha256: fc.constantFrom('1', '2', '3', '4'),
    executable: fc.nat(5).map(n => n === 0),
  })
  .map(({ kind, sha256, executable }): Content => ({ kind, sha256, size: 1, executable }))

/** What may have become of one name, whatever became of the others. */
export interface Past {
  /** What was written: a marker where it has no content; over the version that many before it, or (3) over all. */
  readonly versions: readonly { readonly content: Content | undefined; readonly over: number }[]
  /** Which of these the journal knows, if any. */
  readonly synced: number
  readonly here: Content | 'synced' | undefined
}

const past: fc.Arbitrary<Past> = fc.record({
  versions: fc.array(fc.record({ content: fc.option(file, { nil: undefined, freq: 4 }), over: fc.nat(3) }), {
    maxLength: 4,
  }),
  synced: fc.nat(5),
  here: fc.oneof(fc.constant(undefined), fc.constant('synced' as const), file),
})

export function pastsOf(names: readonly string[]): fc.Arbitrary<Readonly<Record<string, Past>>> {
  const each = Object.fromEntries(names.map(name => [name, past]))
  return fc.record(each, { requiredKeys: [] }) as fc.Arbitrary<Record<string, Past>>
}

/** A client and a store in which every name has its past. */
export function withPasts(pasts: Readonly<Record<string, Past>>): { client: ModelClient; store: ModelStore } {
  const store = new ModelStore()
  const client = new ModelClient(store)
  const journal = new Map<string, SyncedEntry>()
  for (const [name, { versions, synced, here }] of Object.entries(pasts)) {
    const typed = (content: Content): Content => (isFolderName(name) ? folderContent : content)
    const written: { id: string; token: string; content: Content | undefined }[] = []
    for (const { content, over } of versions) {
      const covered = over === 3 ? written.map(({ token }) => token).join(' ') : written.at(-1 - over)?.token
      const whole = content && typed(content)
      written.push({ ...store.write(name, whole, covered ?? ''), content: whole })
    }
    const known = written[synced]
    if (known?.content !== undefined) {
      const { content, id, token } = known
      // What was synced was in folders that were.
      for (
        let folder = parentOf(name);
        folder !== undefined && !journal.has(folder);
        folder = parentOf(folder)
      ) {
        journal.set(folder, {
          content: folderContent,
          fingerprint: 'none',
          versionId: undefined,
          context: '',
        })
      }
      journal.set(name, { content, fingerprint: 'none', versionId: id, context: token })
    }
    const content = here === 'synced' ? known?.content : here
    if (content !== undefined) client.userWrite(name, typed(content))
  }
  for (const [name, entry] of journal) {
    const here = client.local.get(name)
    const same = here !== undefined && sameContent(here.content, entry.content)
    client.world.setSynced(name, same ? { ...entry, fingerprint: here.fingerprint } : entry)
  }
  return { client, store }
}
