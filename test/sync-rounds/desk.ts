import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Deeds, Person } from '@torc/client/test/sync/convergence/person'
import type { Cluster } from '../harness/processes/cluster.js'
import { TorcProcess } from '../harness/processes/torc-process.js'
import type { SeededRandom } from '../harness/simulation/seeded-random.js'
import { largeText } from './bodies.js'
import { DiskWorkplace, Overtaken } from './disk-workplace.js'
import { FolderLook } from './folder-look.js'

export interface DeskOptions {
  readonly name: string
  /** Of all desks. */
  readonly folder: string
  readonly cluster: Cluster
  /** `BUCKET/PREFIX`. */
  readonly place: string
  readonly random: SeededRandom
  readonly tell: (line: string) => void
}

const mebibyte = 1024 * 1024
/** Statuses with which a client may end by itself: while no server runs it can't even open its session. */
const unreachable = 5

/** A folder, the person who works in it, and the `torc sync` that is killed and started again. */
export class Desk {
  readonly name: string
  readonly directory: string
  readonly workplace: DiskWorkplace
  readonly deeds: Deeds = { removed: new Set(), written: new Set(), destroyed: new Set() }
  readonly look: FolderLook
  /** What the client ended with though nobody killed it. */
  readonly troubles: string[] = []
  readonly #options: DeskOptions
  readonly #person: Person
  #process: TorcProcess | undefined
  /** The process is to run: whatever ends it, it is started again. */
  #wanted = false
  /** Lines of the process that the story has. */
  #told = 0

  constructor(options: DeskOptions) {
    const { name, folder, random } = options
    this.#options = options
    this.name = name
    this.directory = join(folder, name)
    const attic = join(folder, `${name}-attic`)
    for (const each of [this.directory, attic]) mkdirSync(each)
    this.look = new FolderLook(this.directory)
    this.workplace = new DiskWorkplace(this.directory, attic, random.fork('workplace'))
    const textOf = (own: string): string =>
      random.chance(0.06) ? largeText(own, random.integer(mebibyte, 20 * mebibyte)) : own
    this.#person = new Person(name, this.workplace, random.fork('person'), this.deeds, textOf)
  }

  /** Number of lines that the client printed since it was started last. */
  get lines(): number {
    return this.#process?.lines.length ?? 0
  }

  /** The client's own folder, or one in it, where it made that already. */
  ownFolder(name: '' | 'tmp' | 'aside'): readonly string[] {
    const path = join(this.directory, '.torc-sync', name)
    return existsSync(path) ? [path] : []
  }

  /** What the client said since this was asked last goes into the story. */
  listen(): void {
    const news = this.#process?.lines.slice(this.#told) ?? []
    for (const line of news) this.#tell(JSON.stringify(line))
    this.#told += news.length
  }

  act(): void {
    this.#attempt(() => this.#person.act())
  }

  /** So that the folder does not grow for ever. */
  tidy(namesMax: number): void {
    for (let names = this.look.names().length; names > namesMax; names--) {
      this.#attempt(() => this.#person.remove())
    }
  }

  /** Also of one that runs already, as two may have killed it. */
  start(): void {
    this.#wanted = true
    if (this.#process !== undefined) return
    const { cluster, place } = this.#options
    const args = ['sync', this.directory, place, '--interval', '1s', '--json', '--yes-delete']
    const variables = { ...cluster.variables, TORC_SERVER: cluster.servers.join(',') }
    const started = new TorcProcess(args, { configDirectory: cluster.configDirectory, variables })
    this.#process = started
    this.#told = 0
    this.#tell(`sync starts as process ${started.pid}`)
    void started.exited.then(status => {
      this.listen()
      this.#process = undefined
      if (status !== 'SIGKILL' && this.#wanted) this.#endedByItself(status, started)
      if (this.#wanted) this.start()
    })
  }

  /** `kill -9`, now. It stays away until `start`. */
  async kill(): Promise<void> {
    this.#wanted = false
    const process = this.#process
    process?.child.kill('SIGKILL')
    this.#tell('killed')
    await process?.exited
  }

  async stop(): Promise<void> {
    this.#wanted = false
    await this.#process?.end('SIGKILL')
  }

  #endedByItself(status: number | string, { errors }: TorcProcess): void {
    this.#tell(`sync ended with ${status}: ${errors}`)
    if (status !== unreachable) this.troubles.push(`${this.name}: sync ended with ${status}: ${errors}`)
  }

  #attempt(work: () => string): void {
    try {
      this.#tell(work())
    } catch (thrown) {
      if (!(thrown instanceof Overtaken)) throw thrown
      this.#tell(`overtaken: ${thrown.message}`)
    }
  }

  #tell(line: string): void {
    this.#options.tell(`${this.name}: ${line}`)
  }
}
