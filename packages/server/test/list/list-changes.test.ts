import fc from 'fast-check'
import t from 'tap'
import { purge } from '../../src/flows/delete-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { type ListRequest, listPage } from '../../src/list/list-flow.js'
import type { ListedEntry } from '../../src/list/page-builder.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const ends = { timeoutMs: undefined, signal: undefined }
const bucket = testBucket(3, 2, 2)
const bucketText = Buffer.from(bucket.id).toString('hex')
const settle = () => new Promise(setImmediate)

/** Keys that stay, keys that come and go, and keys that are dead before the listing begins. */
const names = ['a', 'a/1', 'a/2', 'b/1', 'b/2/x', 'c', 'd/1', 'd/2'] as const
const fates = ['stays', 'changes', 'dead'] as const
type Fate = (typeof fates)[number]

const change = fc.record({
  key: fc.constantFrom(...names, 'a/0', 'b/0', 'new/1', 'zz'),
  kind: fc.constantFrom('put', 'put', 'marker', 'purge', 'purge version'),
  /** The owner that misses it. */
  missedBy: fc.integer({ min: 0, max: 3 }),
})
interface Change {
  readonly key: string
  readonly kind: string
  readonly missedBy: number
}

const scenario = fc.record({
  fates: fc.array(fc.constantFrom(...fates), { minLength: names.length, maxLength: names.length }),
  before: fc.array(change, { maxLength: 16 }),
  /** One for each request of a range, undefined where nothing happens meanwhile. */
  during: fc.array(fc.option(change, { nil: undefined }), { maxLength: 40 }),
  what: fc.constantFrom('keys' as const, 'versions' as const),
  prefix: fc.constantFrom('', '', 'a', 'b/'),
  delimiter: fc.constantFrom(undefined, '/'),
  limit: fc.integer({ min: 1, max: 4 }),
  past: fc.boolean(),
  seed: fc.integer(),
})

class Run {
  readonly cluster: FakeCluster
  readonly #fates: ReadonlyMap<string, Fate>
  readonly #losing = new Map<string, string>()
  /** Versions by key, as far as they were not purged. */
  readonly written = new Map<string, { id: string; createdAt: number; kind: string }[]>()
  /** Keys of which something was purged since the listing began. */
  readonly purged = new Set<string>()

  constructor(seed: number, given: readonly Fate[]) {
    // Of five agents each holds some of the keys, of three each holds all.
    this.cluster = fakeCluster({ seed, agents: (seed & 64) === 0 ? 3 : 5 })
    this.#fates = new Map(names.map((name, i) => [name, given[i] ?? 'changes']))
    this.cluster.agents.fault = ({ name, agent, head }) => {
      const { key } = head as { key?: string }
      return name === 'merge' && this.#losing.get(key ?? '') === agent ? { kind: 'lost' } : undefined
    }
  }

  fateOf(key: string): Fate {
    return this.#fates.get(key) ?? 'changes'
  }

  async make({ key, kind, missedBy }: Change): Promise<void> {
    const { c, owners } = { c: this.cluster.c, owners: this.cluster.owners(bucket, key) }
    // The first one mints, or acts on a purge, so that it may miss only what others acknowledge.
    const loser = kind.startsWith('purge') ? owners[missedBy] : owners[Math.max(1, missedBy)]
    if (loser === undefined) this.#losing.delete(key)
    else this.#losing.set(key, loser.id)
    if (kind === 'put' || kind === 'marker') {
      const more = { kind: kind === 'put' ? ('object' as const) : ('marker' as const) }
      const { version } = await write(c, await writeOf(c, bucket, key, '', more))
      const { id, createdAt } = version
      this.written.set(key, [...(this.written.get(key) ?? []), { id, createdAt, kind: more.kind }])
      return
    }
    this.purged.add(key)
    const versions = this.written.get(key) ?? []
    const versionId = kind === 'purge' ? undefined : versions.at(-1)?.id
    if (kind === 'purge version' && versionId === undefined) return
    this.written.set(key, kind === 'purge' ? [] : versions.slice(0, -1))
    await purge(c, { bucket, key, versionId, token: undefined, retry: true, ...ends })
  }

  /** Dead keys among the others, more than an agent is asked for at once: pages take several requests. */
  fill(): void {
    for (let i = 0; i < this.cluster.ids.length; i++) {
      const { keys } = this.cluster.agent(i)
      const state = this.cluster.agent(i).stateOf(bucket.id, 'filler')
      for (let n = 0; n < 40; n++) {
        const key = `b/${n % 2 === 0 ? '1' : '3'}${n}`
        const bodies = new Map<string, Uint8Array>()
        keys.set(`${bucketText}/${key}`, { bucketId: bucketText, key, state, bodies, removed: [] })
      }
    }
  }

  /** Whether a change may happen to a key while it is listed. */
  allows({ key, kind }: Change): boolean {
    const fate = this.fateOf(key)
    return fate === 'changes' || (fate === 'stays' && kind === 'put')
  }
}

async function listWhileChanging(run: Run, request: ListRequest, during: (Change | undefined)[]) {
  const { agents, c } = run.cluster
  const left = [...during]
  agents.gate = ({ name }) => {
    const next = name === 'fetchRange' ? left.shift() : undefined
    return next !== undefined && run.allows(next) ? run.make(next) : undefined
  }
  const entries: ListedEntry[] = []
  let token: string | undefined
  do {
    const page = await listPage(c, { ...request, token })
    entries.push(...page.entries)
    token = page.token
    if (entries.length > 500) throw new Error('the listing does not end')
  } while (token !== undefined)
  agents.gate = undefined
  return entries
}

t.test('property: what is there throughout is listed once, what is dead throughout never', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ fates, before, during, past, seed, ...list }) => {
      const run = new Run(seed, fates)
      for (const key of names) await run.make({ key, kind: 'put', missedBy: 3 })
      for (const kind of ['put', 'purge'] as const) await run.make({ key: 'filler', kind, missedBy: 3 })
      for (const step of before) {
        await run.make(step)
        await settle()
      }
      for (const key of names) {
        const fate = run.fateOf(key)
        if (fate === 'stays') await run.make({ key, kind: 'put', missedBy: seed & 3 })
        if (fate !== 'dead') continue
        // Some owner may have missed it.
        const kind = (seed & 4) === 0 ? ('purge' as const) : ('marker' as const)
        await run.make({ key, kind: list.what === 'versions' ? 'purge' : kind, missedBy: (seed >> 3) & 3 })
      }
      await settle()
      run.fill()
      run.purged.clear()
      const start = new Map([...run.written].map(([key, versions]) => [key, versions]))
      const at = past ? run.cluster.c.hybridClock.now() : undefined
      const entries = await listWhileChanging(
        run,
        { ...list, bucket, at, startAfter: undefined, token: undefined, ...ends },
        during,
      )

      const shown = entries.map(entry =>
        'prefix' in entry
          ? `${entry.prefix}*`
          : `${entry.key}${list.what === 'versions' ? ` ${entry.version.id}` : ''}`,
      )
      if (new Set(shown).size !== shown.length) throw new Error(`doubled: ${shown}`)
      const places = entries.map(entry => ('prefix' in entry ? entry.prefix : entry.key))
      if (places.some((place, i) => i > 0 && place < (places[i - 1] ?? '')))
        throw new Error(`order: ${places}`)

      const prefixes = new Map<string, boolean>()
      for (const [key, versions] of start) {
        if (!key.startsWith(list.prefix)) continue
        // As of the start, what happens to a key later shows only where it is purged.
        const stays = run.fateOf(key) === 'stays' || (past && !run.purged.has(key))
        const dead = run.fateOf(key) === 'dead'
        const end = list.delimiter === undefined ? -1 : key.indexOf('/', list.prefix.length)
        const live = versions.at(-1)?.kind === 'object'
        const expected = list.what === 'keys' ? (live ? [key] : []) : versions.map(({ id }) => `${key} ${id}`)
        if (end >= 0) {
          const common = `${key.slice(0, end + 1)}*`
          const known = prefixes.get(common)
          if (stays && expected.length > 0) prefixes.set(common, true)
          else if (dead && known === undefined) prefixes.set(common, false)
          else if (!dead && known === false) prefixes.delete(common)
          continue
        }
        for (const text of stays ? expected : [])
          if (!shown.includes(text)) throw new Error(`missed: ${text} in ${shown}`)
        if (dead && shown.some(text => text === key || text.startsWith(`${key} `)))
          throw new Error(`dead: ${key} in ${shown}`)
      }
      for (const [common, there] of prefixes) {
        const others = names.some(
          name => name.startsWith(common.slice(0, -1)) && run.fateOf(name) === 'changes',
        )
        if (there && !shown.includes(common)) throw new Error(`missed: ${common} in ${shown}`)
        if (!there && !others && !run.written.has('a/0') && !run.written.has('b/0') && shown.includes(common))
          throw new Error(`dead: ${common} in ${shown}`)
      }
      if (past && shown.some(text => text.startsWith('zz') && !start.has('zz'))) throw new Error('born later')
    }),
    { numRuns: 300 },
  )
})
