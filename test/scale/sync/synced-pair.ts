import { join } from 'node:path'
import type { Cluster } from '../../harness/processes/cluster.js'
import { CountingProxy } from '../traffic/counting-proxy.js'
import { compareTrees } from './file-tree.js'
import { SyncProcess, type Use } from './sync-process.js'

/** Two folders that are kept the same by two processes, through a prefix of a bucket. */
export class SyncedPair {
  readonly near: string
  readonly far: string
  readonly target: string
  readonly #cluster: Cluster
  readonly #proxies: readonly [CountingProxy, CountingProxy]
  #here: SyncProcess | undefined
  #there: SyncProcess | undefined

  private constructor(cluster: Cluster, name: string, proxies: readonly [CountingProxy, CountingProxy]) {
    this.near = join(cluster.folder, `${name}-near`)
    this.far = join(cluster.folder, `${name}-far`)
    this.target = `sync/${name}`
    this.#cluster = cluster
    this.#proxies = proxies
  }

  /** Nothing is synced yet. */
  static async make(cluster: Cluster, name: string): Promise<SyncedPair> {
    const { server } = cluster
    return new SyncedPair(cluster, name, [
      await CountingProxy.start(server),
      await CountingProxy.start(server),
    ])
  }

  async startHere(interval: string): Promise<SyncProcess> {
    this.#here = await SyncProcess.start(this.#cluster, this.near, this.target, this.#proxies[0], interval)
    return this.#here
  }

  async startThere(interval: string): Promise<SyncProcess> {
    this.#there = await SyncProcess.start(this.#cluster, this.far, this.target, this.#proxies[1], interval)
    return this.#there
  }

  /** The process of the near folder, where what people do happens. */
  get here(): SyncProcess {
    if (this.#here === undefined) throw new Error('nobody syncs the near folder')
    return this.#here
  }

  get there(): SyncProcess {
    if (this.#there === undefined) throw new Error('nobody syncs the far folder')
    return this.#there
  }

  /** Counts requests from now on, from nothing. */
  count(): void {
    for (const proxy of this.#proxies) proxy.count()
  }

  /** Of both processes together. */
  get use(): Use {
    const [a, b] = [this.here.use, this.there.use]
    return { requests: a.requests + b.requests, processorMs: a.processorMs + b.processorMs }
  }

  async untilAtRest(): Promise<void> {
    await Promise.all([this.here.untilAtRest(), this.there.untilAtRest()])
  }

  compare(): void {
    compareTrees(this.near, this.far)
  }

  async end(): Promise<void> {
    await Promise.all([this.#here?.end(), this.#there?.end()])
  }

  async close(): Promise<void> {
    await this.end()
    await Promise.all(this.#proxies.map(proxy => proxy.close()))
  }
}
