import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type ClusterStatus, type ConnectOptions, connect, type Store } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import { formatAddress } from '@torc/protocol/transport/transport'
import { beforeNextLook } from '../patience.js'
import { FaultProxy } from '../proxy/fault-proxy.js'
import { type RunResult, runTorc } from './run-torc.js'
import { temporaryFolder } from './temporary-folder.js'
import { TorcProcess } from './torc-process.js'

export interface OperatedNode {
  readonly name: string
  /** Where others reach it: the proxy's address where it has one. */
  readonly address: string
  readonly process: TorcProcess
  /** What all connections to the node go through. */
  readonly proxy: FaultProxy | undefined
  /** What it was started with, its address among it. */
  readonly args: readonly string[]
  readonly within: readonly string[] | undefined
}

export interface NodeOptions {
  /** Of a server; `server` when absent. */
  readonly name?: string
  /** Addresses of nodes that run; none for the first. */
  readonly join?: readonly string[]
  /** Puts a fault proxy before the node. */
  readonly proxied?: boolean
  /** `host:port` that it listens at, where that is known before. */
  readonly listen?: string
  /** Words of a command that becomes its process, somewhere else: see `TorcProcessOptions`. */
  readonly within?: readonly string[]
  readonly args?: readonly string[]
}

export function aliveIn({ members }: ClusterStatus): number {
  return members.filter(({ role, state }) => role === 'agent' && state === 'alive').length
}

/** A cluster as an operator starts it on real machines: `torc init`, then one process at a time. */
export class OperatedCluster {
  readonly folder = temporaryFolder('torc-operated-')
  readonly configDirectory = join(this.folder, 'config')
  readonly secretFile = join(this.folder, 'secrets', 'cluster-secret.json')
  readonly credentials = join(this.folder, 'secrets', 'credentials.json')
  readonly #processes: TorcProcess[] = []
  readonly #proxies: FaultProxy[] = []

  init(): Promise<RunResult> {
    return this.torc(['init', '--out', join(this.folder, 'secrets'), '--json'])
  }

  /** Runs a command as root; `server` is the server's address. */
  torc(args: readonly string[], server?: string, stdin = ''): Promise<RunResult> {
    const variables = {
      TORC_CREDENTIALS: this.credentials,
      ...(server === undefined ? {} : { TORC_SERVER: server }),
    }
    return runTorc(args, { configDirectory: this.configDirectory, variables, stdin })
  }

  /** Starts a process; it is ended with the cluster. */
  launch(args: readonly string[], within?: readonly string[]): TorcProcess {
    const process = new TorcProcess(args, { configDirectory: this.configDirectory, within })
    this.#processes.push(process)
    return process
  }

  server(options: NodeOptions = {}): Promise<OperatedNode> {
    return this.#node('server', options.name ?? 'server', options, [])
  }

  agent(name: string, options: NodeOptions = {}): Promise<OperatedNode> {
    return this.#node('agent', name, options, ['--data', join(this.folder, name)])
  }

  /** A port that was free may be taken before a proxied node binds it: then another one is tried. */
  async #node(
    kind: 'server' | 'agent',
    name: string,
    options: NodeOptions,
    own: readonly string[],
  ): Promise<OperatedNode> {
    for (let left = 4; ; left--) {
      try {
        return await this.#started(kind, name, options, own)
      } catch (thrown) {
        if (left === 0 || !/the port is in use/.test(String(thrown))) throw thrown
      }
    }
  }

  async #started(
    kind: 'server' | 'agent',
    name: string,
    options: NodeOptions,
    own: readonly string[],
  ): Promise<OperatedNode> {
    const { within } = options
    const listen = options.listen ?? (options.proxied === true ? await freeAddress() : '127.0.0.1:0')
    const proxy = options.proxied === true ? await FaultProxy.start(listen) : undefined
    if (proxy !== undefined) this.#proxies.push(proxy)
    const args = [
      ...[kind, '--name', name, '--cluster-secret-file', this.secretFile, '--listen', listen, ...own],
      ...(proxy === undefined ? [] : ['--advertise', proxy.address]),
      ...((options.join ?? []).length === 0 ? [] : ['--join', (options.join ?? []).join(',')]),
      ...(options.args ?? []),
    ]
    const process = this.launch(args, within)
    const ready = await process.waitFor(`the ${kind}`, line => line.event === 'ready')
    return { name, address: proxy?.address ?? String(ready.address), process, proxy, args, within }
  }

  /** Starts a node whose process has ended again, on what it left. One that is proxied is where it was. */
  async restart(node: OperatedNode): Promise<OperatedNode> {
    const process = this.launch(node.args, node.within)
    const ready = await process.waitFor(node.name, line => line.event === 'ready')
    return { ...node, process, address: node.proxy?.address ?? String(ready.address) }
  }

  /**
   * Cuts what `from` sends to `to`, silently, on whatever connection; also the other way round, unless `oneWay`. The
   * function that is returned heals it.
   */
  cutLink(from: OperatedNode, to: OperatedNode, { oneWay = false } = {}): () => void {
    const [near, far] = [from.proxy, to.proxy]
    if (near === undefined || far === undefined) throw new Error('both nodes must be proxied')
    const one = (direction: 'toTarget' | 'fromTarget'): { direction?: 'toTarget' | 'fromTarget' } =>
      oneWay ? { direction } : {}
    const lifts = [
      far.inject({ action: 'drop', from: name => name === from.name, ...one('toTarget') }),
      near.inject({ action: 'drop', from: name => name === to.name, ...one('fromTarget') }),
    ]
    return () => {
      for (const lift of lifts) lift()
      // What lost frames can't go on.
      for (const proxy of [near, far]) proxy.breakConnections()
    }
  }

  /**
   * Cuts every link between nodes of different sides, silently: a broken route tells nobody. The function that is
   * returned heals it. All nodes must be behind proxies; clients reach every server all the same.
   */
  split(...sides: readonly (readonly OperatedNode[])[]): () => void {
    const mends = sides.flatMap(side => {
      const far = new Set(
        sides.filter(other => other !== side).flatMap(other => other.map(({ name }) => name)),
      )
      return side.map(({ name, proxy }) => {
        if (proxy === undefined) throw new Error(`${name} has no proxy`)
        return proxy.cutOff(opener => far.has(opener))
      })
    })
    return () => {
      for (const mend of mends) mend()
    }
  }

  /**
   * Waits until the server sees `count` agents alive, and makes the first layout. `layout` are further arguments of
   * `layout init`, `tlsCa` the file of the authority where the server speaks TLS.
   */
  async initLayout(
    server: string,
    count: number,
    { tlsCa, layout = [] }: { readonly tlsCa?: string; readonly layout?: readonly string[] } = {},
  ): Promise<RunResult> {
    await this.untilStatus(server, status => aliveIn(status) === count, tlsCa)
    const tls = tlsCa === undefined ? [] : ['--tls-ca', tlsCa]
    return await this.torc(['layout', 'init', '--agents', String(count), ...tls, ...layout], server)
  }

  /** A client of one server, as root. */
  connect(server: string, options: ConnectOptions = {}): Promise<Store> {
    return connect({ servers: [server], credentials: readCredentials(this.credentials), ...options })
  }

  /** Waits until a server's status is as wanted. */
  async untilStatus(
    server: string,
    holds: (status: ClusterStatus) => boolean,
    tlsCa?: string,
  ): Promise<void> {
    const store = await this.connect(server, tlsCa === undefined ? {} : { tls: { ca: tlsCa } })
    const deadline = performance.now() + 60_000
    try {
      for (;;) {
        const status = await store.status()
        if (holds(status)) return
        if (performance.now() > deadline)
          throw new Error(`the status stays as it is: ${JSON.stringify(status)}`)
        await beforeNextLook()
      }
    } finally {
      await store.close()
    }
  }

  /** Ends all processes, in order. */
  async end(): Promise<void> {
    await Promise.all(this.#processes.map(process => process.end()))
  }

  /** Ends all processes and removes what they left. */
  async stop(): Promise<void> {
    await this.end()
    await Promise.all(this.#proxies.map(proxy => proxy.close()))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/**
 * Where nodes behind proxies listen. On Linux connections that go out never have it as their own address: no port of it
 * is taken while its node is away.
 */
const proxiedHost = process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1'

/** An address of loopback that nobody listens at just now. */
async function freeAddress(): Promise<string> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, proxiedHost, resolve))
  const bound = server.address()
  await new Promise(resolve => server.close(resolve))
  if (bound === null || typeof bound === 'string') throw new Error('no port was bound')
  return formatAddress({ host: bound.address, port: bound.port })
}
