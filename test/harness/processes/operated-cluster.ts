import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { formatAddress } from '@torc/protocol/transport/transport'
import { FaultProxy } from '../proxy/fault-proxy.js'
import { type RunResult, runTorc } from './run-torc.js'
import { temporaryFolder } from './temporary-folder.js'
import { TorcProcess } from './torc-process.js'

export interface OperatedNode {
  /** Where others reach it: the proxy's address where it has one. */
  readonly address: string
  readonly process: TorcProcess
  /** What all connections to the node go through. */
  readonly proxy: FaultProxy | undefined
}

export interface NodeOptions {
  /** Addresses of nodes that run; none for the first. */
  readonly join?: readonly string[]
  /** Puts a fault proxy before the node. */
  readonly proxied?: boolean
  readonly args?: readonly string[]
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
  torc(args: readonly string[], server?: string): Promise<RunResult> {
    const variables = {
      TORC_CREDENTIALS: this.credentials,
      ...(server === undefined ? {} : { TORC_SERVER: server }),
    }
    return runTorc(args, { configDirectory: this.configDirectory, variables })
  }

  /** Starts a process; it is ended with the cluster. */
  launch(args: readonly string[]): TorcProcess {
    const process = new TorcProcess(args, { configDirectory: this.configDirectory })
    this.#processes.push(process)
    return process
  }

  server(options: NodeOptions = {}): Promise<OperatedNode> {
    return this.#node('server', options, [])
  }

  agent(name: string, options: NodeOptions = {}): Promise<OperatedNode> {
    return this.#node('agent', options, ['--name', name, '--data', join(this.folder, name)])
  }

  async #node(kind: 'server' | 'agent', options: NodeOptions, own: readonly string[]): Promise<OperatedNode> {
    const listen = options.proxied === true ? await freeAddress() : '127.0.0.1:0'
    const proxy = options.proxied === true ? await FaultProxy.start(listen) : undefined
    if (proxy !== undefined) this.#proxies.push(proxy)
    const process = this.launch([
      ...[kind, '--cluster-secret-file', this.secretFile, '--listen', listen, ...own],
      ...(proxy === undefined ? [] : ['--advertise', proxy.address]),
      ...((options.join ?? []).length === 0 ? [] : ['--join', (options.join ?? []).join(',')]),
      ...(options.args ?? []),
    ])
    const ready = await process.waitFor(`the ${kind}`, line => line.event === 'ready')
    return { address: proxy?.address ?? String(ready.address), process, proxy }
  }

  /** Waits until the server sees `count` agents alive, and makes the first layout. `args` go with each command. */
  async initLayout(server: string, count: number, args: readonly string[] = []): Promise<RunResult> {
    const deadline = performance.now() + 60_000
    for (let alive = 0; alive < count; ) {
      const status = await this.torc(['status', '--json', ...args], server)
      const agents = (status.records()[0]?.agents ?? []) as { readonly state: string }[]
      alive = agents.filter(({ state }) => state === 'alive').length
      if (performance.now() > deadline)
        throw new Error(`${alive} of ${count} agents are known. ${status.stderr}`)
    }
    return await this.torc(['layout', 'init', '--agents', String(count), ...args], server)
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
