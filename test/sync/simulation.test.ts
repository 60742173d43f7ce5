import { StoreFolder } from '@torc/client/sync/remote/store-folder'
import type { RemoteEntry, RemoteHead } from '@torc/client/sync/trees/entry'
import { ManualClock } from '@torc/client/test/doubles/manual-clock'
import { seededRandom } from '@torc/client/test/doubles/seeded-random'
import { bodyOf, contentOf } from '@torc/client/test/sync/remote-folder-conformance'
import { SimulatedRemote } from '@torc/client/test/sync/simulated-remote'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { startMemoryCluster } from '../uploads/memory-cluster.js'

const cluster = await startMemoryCluster()
t.teardown(() => cluster.stop())
const store = cluster.inProcess
await store.createBucket('b')

const steps = 100
const names = ['a', 'b', 'c']
const clients = ['laptop', 'desk']

/** The same of both: in the cluster and in the simulated store. Ids of markers and of new copies differ, and tokens. */
interface Both<T> {
  readonly real: T
  readonly model: T
}

async function onBoth<T>(real: Promise<T>, model: Promise<T>): Promise<Both<T>> {
  const [a, b] = await Promise.all([real, model])
  return { real: a, model: b }
}

/** What a call came to, without what differs. */
async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    const result = await call
    if (typeof result !== 'object' || result === null) return result
    return { ...result, versionId: '', context: '' }
  } catch (thrown) {
    return TorcError.from(thrown).code
  }
}

/** What a look shows, without what differs. */
function shownOf(entry: RemoteEntry | undefined): unknown {
  const heads = entry?.heads.map(({ content, mtimeMs, client }) => JSON.stringify([content, mtimeMs, client]))
  return entry === undefined ? undefined : [heads?.sort(), entry.besideMarker]
}

/** A prefix in the cluster and a simulated one, to which the same is done. */
class Twins {
  readonly #random
  readonly #prefix: string
  readonly #simulated: SimulatedRemote
  readonly #folders
  /** Of each name: tokens of what was seen of it, or answered by a write. */
  readonly #tokens = new Map<string, Both<string>[]>(names.map(name => [name, [{ real: '', model: '' }]]))
  /** The heads of names that have one alone: of several it is not sure which is which on the other side. */
  readonly #heads = new Map<string, Both<RemoteHead>>()

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    this.#prefix = `seed ${seed}/`
    this.#simulated = new SimulatedRemote({ clock: new ManualClock(), random: seededRandom(seed + 100) })
    this.#folders = clients.map(client => ({
      real: new StoreFolder(store, { bucket: 'b', prefix: this.#prefix, client }),
      model: this.#simulated.folder(client),
    }))
  }

  /** Does something to some name; what it was, and what it came to on both sides. */
  async step(mtimeMs: number): Promise<Both<unknown> & { readonly what: string }> {
    const name = this.#pick(names)
    const from = this.#pick(names)
    const head = this.#heads.get(from)
    const what = this.#pick([
      'write',
      'write',
      'again',
      'remove',
      ...(head ? ['copy', 'copyNew', 'purge'] : []),
    ])
    const { real, model } =
      head !== undefined && what === 'purge'
        ? this.#purge(from, head)
        : head !== undefined && what.startsWith('copy')
          ? this.#copy(what === 'copyNew', from, head, name, mtimeMs)
          : what === 'remove'
            ? this.#remove(name, this.#token(name))
            : await this.#write(name, mtimeMs, what === 'again')
    return { what: `${what} ${name}`, ...(await onBoth(outcomeOf(real), outcomeOf(model))) }
  }

  /** What all names are now. */
  async look(): Promise<Both<readonly unknown[]>> {
    const real: unknown[] = []
    const model: unknown[] = []
    for (const name of names) {
      const folder = this.#pick(this.#folders)
      const seen = await onBoth(folder.real.look(name), folder.model.look(name))
      real.push(shownOf(seen.real))
      model.push(shownOf(seen.model))
      this.#remember(name, seen)
    }
    return { real, model }
  }

  #remember(name: string, { real, model }: Both<RemoteEntry | undefined>): void {
    this.#heads.delete(name)
    if (real === undefined || model === undefined) return
    this.#tokens.get(name)?.push({ real: real.context, model: model.context })
    const [a, b] = [real.heads[0], model.heads[0]]
    if (real.heads.length === 1 && a !== undefined && b !== undefined)
      this.#heads.set(name, { real: a, model: b })
  }

  /** Written again, it is written once more after it was removed. */
  async #write(name: string, mtimeMs: number, again: boolean): Promise<Both<Promise<unknown>>> {
    const { real, model } = this.#pick(this.#folders)
    const context = this.#token(name)
    const text = `${this.#below(4)}`
    const content = contentOf(text, { executable: this.#below(2) === 0 })
    const options = { mtimeMs, opId: this.#random.bytes(16) }
    const write = (retry: boolean) => ({
      real: real.write(name, content, bodyOf(text), { ...options, context: context.real, retry }),
      model: model.write(name, content, bodyOf(text), { ...options, context: context.model, retry }),
    })
    const calls = write(false)
    const written = await onBoth(calls.real, calls.model)
    const token = { real: written.real.context, model: written.model.context }
    this.#tokens.get(name)?.push(token)
    if (!again) return calls
    const removal = this.#remove(name, token)
    await onBoth(removal.real, removal.model)
    return write(true)
  }

  #copy(onlyNew: boolean, from: string, head: Both<RemoteHead>, name: string, mtimeMs: number) {
    const { real, model } = this.#pick(this.#folders)
    if (onlyNew) {
      return {
        real: real.copyNew({ name: from, head: head.real }, name),
        model: model.copyNew({ name: from, head: head.model }, name),
      }
    }
    const context = this.#token(name)
    const options = { mtimeMs, opId: this.#random.bytes(16) }
    const source = (of: RemoteHead) => ({ name: from, versionId: of.versionId })
    const content = { ...head.real.content, executable: this.#below(2) === 0 }
    return {
      real: real.copy(source(head.real), name, content, { ...options, context: context.real }),
      model: model.copy(source(head.model), name, content, { ...options, context: context.model }),
    }
  }

  #remove(name: string, context: Both<string>): Both<Promise<void>> {
    const { real, model } = this.#pick(this.#folders)
    return { real: real.remove(name, context.real), model: model.remove(name, context.model) }
  }

  #purge(name: string, head: Both<RemoteHead>): Both<Promise<unknown>> {
    const { versionId } = head.real
    this.#simulated.purge(name, head.model.versionId)
    const purged = store.delete('b', this.#prefix + name, { versionId }).then(({ removed }) => removed.length)
    return { real: purged, model: Promise.resolve(1) }
  }

  #token(name: string): Both<string> {
    return this.#pick(this.#tokens.get(name) ?? [])
  }

  #below(count: number): number {
    return Math.floor(this.#random.fraction() * count)
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[this.#below(items.length)]
    if (item === undefined) throw new Error('there is nothing to pick from')
    return item
  }
}

for (const seed of [1, 2, 3, 4]) {
  t.test(`the simulated store does what a cluster does (seed ${seed})`, async t => {
    const twins = new Twins(seed)
    for (let step = 0; step < steps; step++) {
      const { what, ...outcome } = await twins.step(step)
      const seen = await twins.look()
      const isSame = t.strictSame([outcome.model, seen.model], [outcome.real, seen.real], `${step}: ${what}`)
      if (!isSame) return
    }
  })
}
