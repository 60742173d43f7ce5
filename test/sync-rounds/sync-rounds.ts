import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@torc/client'
import { beforeNextLook } from '../harness/patience.js'
import { type Cluster, startCluster } from '../harness/processes/cluster.js'
import { storeOf } from '../harness/replicas/agent-census.js'
import { SeededRandom } from '../harness/simulation/seeded-random.js'
import { Desk } from './desk.js'
import { doHarm } from './harm.js'
import { Judge } from './judge.js'
import { StoreLook } from './store-look.js'

export interface SyncRoundsOptions {
  readonly rounds: number
  readonly seed: string
  readonly desks: number
  /** Desks at which somebody works; all when absent. With one writer nothing may ever be in conflict. */
  readonly writers?: number | undefined
  readonly servers: number
  /** Rounds between two times at which all must come level and is judged. */
  readonly checkEvery: number
  /** Leaves folders, logs and the story where something was wrong. */
  readonly keep: boolean
  /** Ends after the next check. */
  readonly signal?: AbortSignal | undefined
  /** Where the whole story goes, whatever comes of it. */
  readonly storyFile?: string | undefined
  readonly onProgress?: (text: string) => void
}

export interface SyncRoundsResult {
  /** Who was killed when, and how often. */
  readonly kills: Readonly<Record<string, number>>
  /** Rounds that were done. */
  readonly rounds: number
  /** Kills of clients that left a file half made, or one aside. */
  readonly killedInMaking: number
  readonly killedInReplacing: number
  readonly deeds: number
  readonly checks: number
  readonly versions: number
  readonly conflictCopies: number
  readonly largeBodies: number
  readonly problems: readonly string[]
  /** What was done, where something was wrong: the end of it. */
  readonly story: readonly string[]
  readonly kept: string | undefined
}

const bucket = 'rounds'
const prefix = 'shared/'
/** After the last kill; a client that fails waits longer and longer before it tries again. */
const levelMs = 90_000
const namesMax = 30

/**
 * People work in folders that `torc sync` keeps the same, while clients, servers and agents are killed, round after round. Now
 * and then all rest: then the folders must become the same, and nothing may be lost.
 */
export async function syncRounds(options: SyncRoundsOptions): Promise<SyncRoundsResult> {
  const folder = mkdtempSync(join(tmpdir(), 'torc-sync-rounds-'))
  const cluster = await startCluster({ servers: options.servers })
  const store = await storeOf(cluster)
  let kept: string | undefined
  const rounds = new Rounds(options, folder, cluster, store)
  try {
    await rounds.run()
  } catch (thrown) {
    rounds.problems.push(String(thrown instanceof Error ? thrown.stack : thrown))
  } finally {
    await rounds.end()
    await store.close()
    if (options.storyFile !== undefined) writeFileSync(options.storyFile, rounds.story.join('\n'))
    if (rounds.problems.length > 0 && options.keep) {
      kept = folder
      writeFileSync(join(folder, 'story.txt'), rounds.story.join('\n'))
      cpSync(cluster.folder, join(folder, 'cluster'), { recursive: true })
    } else rmSync(folder, { recursive: true, force: true })
    await cluster.stop()
  }
  return { ...rounds.result(), kept }
}

class Rounds {
  readonly problems: string[] = []
  readonly story: string[] = []
  readonly #options: SyncRoundsOptions
  readonly #cluster: Cluster
  readonly #store: Store
  readonly #random: SeededRandom
  readonly #desks: readonly Desk[]
  readonly #writers: readonly Desk[]
  readonly #look: StoreLook
  readonly #judge = new Judge()
  readonly #kills: Record<string, number> = {}
  /** Names that some folder had since the last check. */
  readonly #ever = new Set<string>()
  readonly #counts = {
    rounds: 0,
    killedInMaking: 0,
    killedInReplacing: 0,
    deeds: 0,
    checks: 0,
    versions: 0,
    conflictCopies: 0,
    largeBodies: 0,
  }
  readonly #startMs = performance.now()

  constructor(options: SyncRoundsOptions, folder: string, cluster: Cluster, store: Store) {
    this.#options = options
    this.#cluster = cluster
    this.#store = store
    this.#random = new SeededRandom(options.seed)
    this.#look = new StoreLook(store, bucket, prefix)
    this.#desks = Array.from({ length: options.desks }, (_, n) => {
      const name = `desk-${n + 1}`
      const random = this.#random.fork(name)
      const tell = (line: string): void => this.#tell(line)
      return new Desk({ name, folder, cluster, place: `${bucket}/${prefix}`, random, tell })
    })
    this.#writers = this.#desks.slice(0, options.writers)
  }

  async run(): Promise<void> {
    const { rounds, checkEvery, signal, onProgress = () => undefined } = this.#options
    await this.#store.createBucket(bucket)
    await this.#look.readFeed()
    for (const desk of this.#desks) desk.start()
    for (let round = 1; round <= rounds && this.problems.length === 0; round++) {
      this.#tell(`round ${round}`)
      await this.#round()
      this.#counts.rounds = round
      if (round % checkEvery !== 0 && round !== rounds) continue
      await this.#check()
      const { deeds, versions } = this.#counts
      onProgress(`${round} of ${rounds} rounds, ${deeds} deeds, ${versions} versions`)
      if (signal?.aborted) return
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#desks.map(desk => desk.stop()))
  }

  result(): Omit<SyncRoundsResult, 'kept'> {
    const { problems } = this
    const story = problems.length > 0 ? this.story.slice(-300) : []
    return { kills: this.#kills, ...this.#counts, problems, story }
  }

  /** People work while one process is killed, or two at once. */
  async #round(): Promise<void> {
    const random = this.#random.fork(`round ${this.#counts.deeds}`)
    for (const desk of this.#writers) desk.tidy(namesMax)
    let over = false
    const working = this.#work(random.fork('work'), () => over)
    const suffering = new Set<string>()
    const victims = random.chance(0.25) ? 2 : 1
    const harms = Array.from({ length: victims }, async (_, n) => {
      const { victim, moment } = await doHarm({
        ...{ cluster: this.#cluster, desks: this.#desks, random: random.fork(`harm ${n}`) },
        ...{ suffering, tell: line => this.#tell(line) },
        onKilled: (desk, left) => {
          for (const each of left) this.#counts[each === 'tmp' ? 'killedInMaking' : 'killedInReplacing']++
          this.#noHalves(desk)
        },
      })
      const kill = `${victim}, at ${moment}`
      this.#kills[kill] = (this.#kills[kill] ?? 0) + 1
    })
    await Promise.all(harms).finally(() => {
      over = true
    })
    await working
  }

  async #work(random: SeededRandom, over: () => boolean): Promise<void> {
    for (let deeds = random.integer(6, 16); deeds > 0 || !over(); deeds--) {
      const desk = random.pick(this.#writers)
      desk.act()
      this.#counts.deeds++
      for (const name of desk.look.names()) this.#ever.add(name)
      for (const each of this.#desks) each.listen()
      // Sometimes one thing right after the other, sometimes so that the clients can follow.
      await beforeNextLook(random.chance(0.5) ? 1 : random.integer(1, 250))
    }
  }

  /** Whatever a client was about when it was killed, each file is whole. */
  #noHalves(desk: Desk): void {
    for (const { deeds } of this.#desks) this.#judge.learn(deeds)
    const problems = this.#judge.halves(desk.look.contents())
    this.problems.push(...problems.map(problem => `after a kill of ${desk.name}: ${problem}`))
  }

  async #check(): Promise<void> {
    const contents = await this.#untilLevel()
    await this.#look.readFeed()
    const versions = await this.#look.versions()
    const testimonies = this.#desks.map(({ name, deeds, workplace: { blind } }) => ({ name, deeds, blind }))
    const evidence = { contents, versions, told: this.#look.told, ever: this.#ever, testimonies }
    this.problems.push(...this.#judge.judge(evidence), ...this.#desks.flatMap(({ troubles }) => troubles))
    this.#count(contents, versions)
    if (this.#writers.length === 1 && this.#counts.conflictCopies > 0)
      this.problems.push('there are conflict copies, though only one person writes')
    // What is level is where the next rounds begin.
    this.#ever.clear()
    for (const { deeds, blind } of testimonies)
      for (const set of [deeds.removed, deeds.written, deeds.destroyed, blind]) set.clear()
  }

  #count(contents: ReadonlyMap<string, string>, versions: ReadonlyMap<string, ReadonlyMap<string, string>>) {
    const counts = this.#counts
    counts.checks++
    counts.versions = [...versions.values()].reduce((sum, { size }) => sum + size, 0)
    counts.conflictCopies = [...versions.keys()].filter(name => name.includes('.conflict-')).length
    const written = this.#desks.flatMap(({ deeds }) => [...deeds.written])
    counts.largeBodies += written.filter(text => text.startsWith('large ')).length
    this.#tell(`level, with ${contents.size} names`)
  }

  /** Until all folders are the same and the same as the store, and nobody has anything left to tidy up: twice in a row. */
  async #untilLevel(): Promise<ReadonlyMap<string, string>> {
    const endMs = performance.now() + levelMs
    let wasLevel = false
    for (;;) {
      for (const desk of this.#desks) desk.listen()
      const { contents, conflicts } = await this.#look.live()
      const differences = this.#desks.flatMap(desk => [
        ...differencesOf(desk.name, desk.look.contents(), contents),
        ...desk.look.leftovers().map(name => `${desk.name} has left ${name}`),
      ])
      const all = [...differences, ...conflicts.map(name => `${name} is in conflict`)]
      if (all.length === 0 && wasLevel) return contents
      if (performance.now() > endMs) throw new Error(`not level after ${levelMs} ms:\n${all.join('\n')}`)
      wasLevel = all.length === 0
      await beforeNextLook(100)
    }
  }

  #tell(line: string): void {
    this.story.push(`${((performance.now() - this.#startMs) / 1000).toFixed(3)} ${line}`)
  }
}

function differencesOf(
  desk: string,
  here: ReadonlyMap<string, string>,
  stored: ReadonlyMap<string, string>,
): string[] {
  return [...new Set([...here.keys(), ...stored.keys()])]
    .filter(name => here.get(name) !== stored.get(name))
    .map(name => `${desk} has ${name} = ${here.get(name)}, the store ${stored.get(name)}`)
}
