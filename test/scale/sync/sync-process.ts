import { mkdirSync } from 'node:fs'
import { beforeNextLook } from '../../harness/patience.js'
import { type Cluster, vmHwm } from '../../harness/processes/cluster.js'
import { TorcProcess } from '../../harness/processes/torc-process.js'
import type { CountingProxy } from '../traffic/counting-proxy.js'
import { processorMs } from './process-use.js'

/** Whoever waits for something that does not come says what was there. */
const patienceMs = 20 * 60_000
/** So long nothing is asked and nothing told, and next to nothing done, where a process has nothing left to do. */
const restMs = 500
const restShare = 0.1

export interface Use {
  readonly requests: number
  readonly processorMs: number
}

/** `torc sync` in a process of its own; its requests are counted on the way to the server. */
export class SyncProcess {
  readonly folder: string
  readonly #process: TorcProcess
  readonly #proxy: CountingProxy
  #read = 0
  #steps = 0
  #levels = 0

  private constructor(folder: string, process: TorcProcess, proxy: CountingProxy) {
    this.folder = folder
    this.#process = process
    this.#proxy = proxy
  }

  /** The proxy must be one that nobody else uses. */
  static async start(
    cluster: Cluster,
    folder: string,
    target: string,
    proxy: CountingProxy,
    interval: string,
  ): Promise<SyncProcess> {
    mkdirSync(folder, { recursive: true })
    proxy.count()
    const process = new TorcProcess(['sync', folder, target, '--interval', interval, '--json'], {
      configDirectory: cluster.configDirectory,
      variables: { ...cluster.variables, TORC_SERVER: proxy.address },
    })
    await process.waitFor('the session', ({ event }) => event === 'opened')
    return new SyncProcess(folder, process, proxy)
  }

  get pid(): number {
    return this.#process.pid
  }

  /** Steps that it told so far. */
  get steps(): number {
    this.#look()
    return this.#steps
  }

  get peakBytes(): number {
    return vmHwm(this.pid)
  }

  /** Since the proxy counts, and since the process began. */
  get use(): Use {
    return { requests: this.#proxy.traffic.requests, processorMs: processorMs(this.pid) }
  }

  /** Waits until a condition holds; what the process says by the way is looked at. */
  async until(what: string, holds: () => boolean, pauseMs = 25): Promise<void> {
    const deadline = performance.now() + patienceMs
    for (;;) {
      this.#look()
      if (holds()) return
      if (!this.#process.running) throw new Error(`torc sync ended before ${what}\n${this.#process.errors}`)
      if (performance.now() > deadline) throw new Error(`${what}: not in ${patienceMs / 60_000} minutes`)
      await beforeNextLook(pauseMs)
    }
  }

  /** Waits until so many steps were done, and the run that they belonged to is over. */
  async untilSteps(steps: number): Promise<void> {
    await this.until(`step ${steps}`, () => this.#steps >= steps)
    const levels = this.#levels
    // The last line of a run comes behind its last step.
    if (this.#process.lines.at(-1)?.event !== 'level')
      await this.until('the end', () => this.#levels > levels)
  }

  /** Waits until it does nothing any more, but ask for changes that don't come. */
  async untilAtRest(): Promise<void> {
    const seen = () => `${this.#process.lines.length} ${this.#proxy.traffic.requests}`
    let before = { seen: seen(), at: performance.now(), processorMs: processorMs(this.pid) }
    await this.until('rest', () => {
      const now = { seen: seen(), at: performance.now(), processorMs: processorMs(this.pid) }
      const busy = now.seen !== before.seen || now.processorMs - before.processorMs > restMs * restShare
      if (busy) before = now
      return now.at - before.at >= restMs
    })
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.pid, name)
  }

  async end(): Promise<void> {
    await this.#process.end('SIGINT')
  }

  #look(): void {
    for (; this.#read < this.#process.lines.length; this.#read++) {
      const line = this.#process.lines[this.#read]
      if (line?.event === 'step') this.#steps++
      if (line?.event === 'level') this.#levels++
      if (line?.event === 'problem') throw new Error(`a problem: ${JSON.stringify(line)}`)
    }
  }
}
