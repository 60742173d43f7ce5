import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { formatAddress } from '@torc/protocol/transport/transport'
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
}

export interface NodeOptions {
  /** Of a server; `server` when absent. */
  readonly name?: string
  /** Addresses of nodes that run; none for the first. */
  readonly join?: readonly string[]
  /** Puts a fault proxy before the node. */
  readonly proxied?: boolean
  readonly args?: readonly string[]
}

/** Of `torc status --json`. */
export interface ShownStatus {
  readonly epoch: number
  readonly agents: readonly { readonly id: string; readonly state: string }[]
}

export function aliveIn(agents: ShownStatus['agents']): number {
  return agents.filter(({ state }) => state === 'alive').length
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
  launch(args: readonly string[]): TorcProcess {
    const process = new TorcProcess(args, { configDirectory: this.configDirectory })
    this.#processes.push(process)
    return process
  }

  server(options: NodeOptions = {}): Promise<OperatedNode> {
    return this.#node('server', options.name ?? 'server', options, [])
  }

  agent(name: string, options: NodeOptions = {}): Promise<OperatedNode> {
    return this.#node('agent', name, options, ['--data', join(this.folder, name)])
  }

  async #node(
    kind: 'server' | 'agent',
    name: string,
    options: NodeOptions,
    own: readonly string[],
  ): Promise<OperatedNode> {
    const listen = options.proxied === true ? await freeAddress() : '127.0.0.1:0'
    const proxy = options.proxied === true ? await FaultProxy.start(listen) : undefined
    if (proxy !== undefined) this.#proxies.push(proxy)
    const process = this.launch([
      ...[kind, '--name', name, '--cluster-secret-file', this.secretFile, '--listen', listen, ...own],
      ...(proxy === undefined ? [] : ['--advertise', proxy.address]),
      ...((options.join ?? []).length === 0 ? [] : ['--join', (options.join ?? []).join(',')]),
      ...(options.args ?? []),
    ])
    const ready = await process.waitFor(`the ${kind}`, line => line.event === 'ready')
    return { name, address: proxy?.address ?? String(ready.address), process, proxy }
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
   * Waits until the server sees `count` agents alive, and makes the first layout. `args` go with each command,
   * `layout` with `layout init`.
   */
  async initLayout(
    server: string,
    count: number,
    {
      args = [],
      layout = [],
    }: { readonly args?: readonly string[]; readonly layout?: readonly string[] } = {},
  ): Promise<RunResult> {
    await this.untilStatus(server, ({ agents }) => aliveIn(agents) === count, args)
    return await this.torc(['layout', 'init', '--agents', String(count), ...args, ...layout], server)
  }

  /** Waits until a server's status is as wanted. `args` go with each command. */
  async untilStatus(
    server: string,
    holds: (status: ShownStatus) => boolean,
    args: readonly string[] = [],
  ): Promise<void> {
    const deadline = performance.now() + 60_000
    for (;;) {
      const status = await this.torc(['status', '--json', ...args], server)
      const [shown] = status.records() as unknown as ShownStatus[]
      if (shown !== undefined && holds(shown)) return
      if (performance.now() > deadline) throw new Error(`${status.stdout} ${status.stderr}`)
    }
  }

  /** Ends all processes and removes what they left. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.map(process => process.end()))
    await Promise.all(this.#proxies.map(proxy => proxy.close()))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** An address of loopback that nobody listens at just now. */
async function freeAddress(): Promise<string> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  await new Promise(resolve => server.close(resolve))
  if (bound === null || typeof bound === 'string') throw new Error('no port was bound')
  return formatAddress({ host: bound.address, port: bound.port })
}
