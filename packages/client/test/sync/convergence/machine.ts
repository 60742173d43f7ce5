import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import { SyncEngine } from '../../../src/sync/engine/engine.js'
import type { SyncReport } from '../../../src/sync/engine/report.js'
import { Journal } from '../../../src/sync/journal/journal.js'
import { SimulatedFolder } from '../simulated-folder.js'
import type { SimulatedRemote } from '../simulated-remote.js'
import { type Deeds, Person } from './person.js'

/** Thrown wherever the process is when it is killed; the engine must not survive it. */
class Dead extends Error {}

/** A folder, the person who works in it, and the process that syncs it: which is killed and started again. */
export class Machine {
  readonly folder: SimulatedFolder
  readonly deeds: Deeds = { removed: new Set(), written: new Set(), destroyed: new Set() }
  online = true
  /** Chances, for each step of the process, that the person does something just then, or that it is killed. */
  disturbance = 0
  mortality = 0
  readonly name: string
  readonly #person: Person
  readonly #remote: SimulatedRemote
  readonly #random: Random
  readonly #journal = Journal.open(':memory:')
  readonly #tell: (line: string) => void
  #engine: SyncEngine | undefined
  #marks = new Set<string>()
  /** Texts that were here when the process began what it does. */
  #held = new Set<string>()
  #dead = false

  constructor(name: string, remote: SimulatedRemote, random: Random, tell: (line: string) => void) {
    this.name = name
    this.#remote = remote
    this.#random = random
    this.#tell = line => tell(`${name}: ${line}`)
    this.folder = new SimulatedFolder({ losesMark: () => random.fraction() < 0.2 })
    this.#person = new Person(name, this.folder, random, this.deeds)
    this.folder.beforeStep = () => this.#interrupt()
    void this.folder.watch(path => this.#marks.add(path))
  }

  close(): void {
    this.#journal.close()
  }

  act(): void {
    this.#tell(this.#person.act())
  }

  /** The process works once: over the whole folder, or at the watcher's marks. Undefined where it failed or was killed. */
  async sync(scan: 'all' | 'marks'): Promise<SyncReport | undefined> {
    for (const text of this.#texts()) this.#held.add(text)
    this.#dead = false
    try {
      if (this.#engine === undefined) await this.folder.recover()
      this.#engine ??= this.#start()
      const marks = [...this.#marks]
      this.#marks.clear()
      const report = await this.#engine.run(scan === 'all' ? 'all' : marks)
      if (this.#dead) throw new Dead()
      this.#tell(`synced ${scan}: ${JSON.stringify(report)}`)
      this.#checkNothingLost()
      return report
    } catch (thrown) {
      if (this.#dead) {
        this.#tell('killed')
        this.#engine = undefined
        return undefined
      }
      const error = TorcError.from(thrown)
      if (!error.retryable) throw thrown
      this.#tell(`failed: ${error.code}`)
      return undefined
    }
  }

  /** What is here, by name: its text, or what else can be told of it. */
  tree(): ReadonlyMap<string, string> {
    return new Map(this.folder.userList().map(name => [name, this.folder.userRead(name) ?? '']))
  }

  #start(): SyncEngine {
    this.#tell('starts')
    const { folder, name } = this
    const remote = this.#remote.folder(name, {
      beforeCall: async () => {
        this.#interrupt()
        if (!this.online) throw new TorcError('UNREACHABLE', 'the machine is offline')
        for (let turns = Math.floor(this.#random.fraction() * 3); turns > 0; turns--) await Promise.resolve()
      },
      afterCall: () => {
        this.#interrupt()
        // The effect took place, and nobody hears of it.
        if (!this.online) throw new TorcError('UNREACHABLE', 'the machine is offline')
      },
    })
    return new SyncEngine(folder, remote, this.#journal, { random: this.#random, yesDelete: true })
  }

  /** Between any two steps: the person does something, the process ends, the network goes. */
  #interrupt(): void {
    if (this.#dead) throw new Dead()
    if (this.#random.fraction() < this.disturbance) {
      this.#tell(`meanwhile ${this.#person.act()}`)
      for (const text of this.#texts()) this.#held.add(text)
    }
    if (this.#random.fraction() < this.mortality) {
      this.#dead = true
      throw new Dead()
    }
  }

  #texts(): readonly string[] {
    return this.folder.userList().flatMap(name => this.folder.userRead(name) ?? [])
  }

  /** What was here and is not any more was taken away by the person, or is in the store for good. */
  #checkNothingLost(): void {
    const here = new Set(this.#texts())
    for (const text of this.#held) {
      if (here.has(text) || this.deeds.destroyed.has(text) || this.#remote.hasText(text)) continue
      throw new Error(`${this.name}: the text "${text}" is lost`)
    }
    this.#held = new Set()
  }
}
