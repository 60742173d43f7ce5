import fc from 'fast-check'
import t from 'tap'
import {
  type Content,
  folderContent,
  isFolderName,
  type SyncedEntry,
  sameContent,
} from '../../../src/sync/trees/entry.js'
import { ModelClient } from './model-client.js'
import { ModelStore } from './model-store.js'
import { stepText } from './step-text.js'

const passesMax = 6
const names = ['a', 'a/', 'a/b', 'a/c', 'a/b/', 'a/b/x', 'd/', 'd/a', 'e']

const file = fc
  .record({
    kind: fc.constantFrom<'file' | 'link'>('file', 'file', 'file', 'link'),
    sha256: fc.constantFrom('1', '2', '3', '4'),
    executable: fc.nat(5).map(n => n === 0),
  })
  .map(({ kind, sha256, executable }): Content => ({ kind, sha256, size: 1, executable }))

function contentFor(name: string, content: Content): Content {
  return isFolderName(name) ? folderContent : content
}

/** What a client's journal may say of a name: nothing, an old version, or one of the heads. */
interface Past {
  readonly versions: readonly { readonly content: Content | undefined; readonly over: number }[]
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

/** A client and a store of which each name has a past that has nothing to do with that of the others. */
function clientOf(pasts: Readonly<Record<string, Past>>): { client: ModelClient; store: ModelStore } {
  const store = new ModelStore()
  const client = new ModelClient(store)
  const synced = new Map<string, SyncedEntry>()
  for (const [name, { versions, synced: at, here }] of Object.entries(pasts)) {
    const written: { id: string; token: string; content: Content | undefined }[] = []
    for (const { content, over } of versions) {
      const whole = content && contentFor(name, content)
      const covered =
        over === 3 ? written.map(({ token }) => token).join(' ') : (written.at(-1 - over)?.token ?? '')
      written.push({ ...store.write(name, whole, covered), content: whole })
    }
    const version = written[at]
    if (version?.content !== undefined) {
      const { content, id, token } = version
      synced.set(name, { content, fingerprint: '', versionId: id, context: token })
    }
    const content = here === 'synced' ? version?.content : here
    if (content !== undefined && content !== folderContent) client.userWrite(name, contentFor(name, content))
    else if (content !== undefined) client.userWrite(name, folderContent)
  }
  for (const [name, entry] of synced) {
    const here = client.local.get(name)
    const same = here !== undefined && sameContent(here.content, entry.content)
    client.world.setSynced(name, same ? { ...entry, fingerprint: here.fingerprint } : entry)
  }
  return { client, store }
}

function pastsOf(all: readonly string[]): fc.Arbitrary<Record<string, Past>> {
  return fc.record(Object.fromEntries(all.map(each => [each, past])), { requiredKeys: [] }) as fc.Arbitrary<
    Record<string, Past>
  >
}

function settle(client: ModelClient): number {
  const told: string[] = []
  for (let passes = 0; passes <= passesMax; passes += 1) {
    const { steps } = client.pass()
    if (steps.length === 0) return passes
    told.push(`pass ${passes + 1}:`, ...steps.map(stepText))
  }
  throw new Error(`no end of passes\n${told.join('\n')}`)
}

function sideBySide(client: ModelClient, store: ModelStore): void {
  const there = new Map<string, Content>()
  for (const name of client.world.remote.below('')) {
    there.set(name, store.entry(name)?.heads[0]?.content ?? folderContent)
  }
  for (const [name, { content }] of client.local) {
    const other = there.get(name)
    if (other === undefined || !sameContent(content, other)) throw new Error(`${name} differs`)
    if (client.world.synced.get(name) === undefined) throw new Error(`${name} is not in the journal`)
  }
  for (const name of there.keys()) if (!client.local.has(name)) throw new Error(`${name} is not here`)
  if (client.world.synced.size !== client.local.size) throw new Error('the journal has more')
}

const runs = { numRuns: 5_000 }

t.test('whatever the three trees are, a few passes make the sides equal', async () => {
  let longest = 0
  fc.assert(
    fc.property(pastsOf(names), pasts => {
      const { client, store } = clientOf(pasts)
      longest = Math.max(longest, settle(client))
      const rest = client.planAll().steps.map(stepText)
      if (rest.length > 0) throw new Error(`left over: ${rest.join(', ')}`)
      sideBySide(client, store)
    }),
    runs,
  )
  console.error({ longest })
})
