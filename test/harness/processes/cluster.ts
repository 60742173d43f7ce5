import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type RunOptions, type RunResult, runTorc } from './run-torc.js'
import { temporaryFolder } from './temporary-folder.js'
import { type Line, TorcProcess } from './torc-process.js'

export interface ClusterOptions {
  /** 3 when absent. */
  readonly agents?: number
  /** 1 when absent. */
  readonly servers?: number
  /** Name → directory. */
  readonly sharedRoots?: Readonly<Record<string, string>>
  /** Level of the logs in `DATA/logs`. */
  readonly logLevel?: string
  /** Puts the data directory of an earlier life at this path. */
  readonly prepare?: (data: string) => void
  /** Further arguments of `torc up`. */
  readonly args?: readonly string[]
}

export interface ClusterAgent {
  readonly id: string
  readonly address: string
  readonly pid: number
  readonly data: string
}

interface Ready {
  readonly pid: number
  readonly server: string
  readonly serverPid: number
  readonly servers: readonly string[]
  readonly serverPids: readonly number[]
  readonly agents: readonly ClusterAgent[]
  readonly credentials: string
}

/** A cluster of real processes under `torc up --json`, in a temporary folder of its own. */
export class Cluster {
  readonly folder: string
  readonly data: string
  readonly configDirectory: string
  readonly #options: ClusterOptions
  #up: TorcProcess
  #ready: Ready

  private constructor(folder: string, options: ClusterOptions, up: TorcProcess, ready: Ready) {
    this.folder = folder
    this.data = join(folder, 'data')
    this.configDirectory = join(folder, 'config')
    this.#options = options
    this.#up = up
    this.#ready = ready
  }

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const folder = temporaryFolder('torc-test-')
    try {
      options.prepare?.(join(folder, 'data'))
      const { up, ready } = await Cluster.#launch(folder, options)
      return new Cluster(folder, options, up, ready)
    } catch (error) {
      rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }

  static async #launch(folder: string, options: ClusterOptions): Promise<{ up: TorcProcess; ready: Ready }> {
    const roots = Object.entries(options.sharedRoots ?? {}).flatMap(([name, dir]) => [
      '--shared-root',
      `${name}=${dir}`,
    ])
    const up = new TorcProcess(
      [
        ...[
          'up',
          '--json',
          '--port',
          '0',
          '--data',
          join(folder, 'data'),
          '--agents',
          String(options.agents ?? 3),
        ],
        ...['--servers', String(options.servers ?? 1)],
        ...['--log-level', options.logLevel ?? 'info', ...roots, ...(options.args ?? [])],
      ],
      { configDirectory: join(folder, 'config') },
    )
    try {
      const ready = await up.waitFor('the ready line', line => line.event === 'ready')
      return { up, ready: ready as unknown as Ready }
    } catch (error) {
      await up.end('SIGKILL')
      throw error
    }
  }

  /** `host:port` of the (first) server. */
  get server(): string {
    return this.#ready.server
  }

  /** `host:port` of all servers: of `server`, `server-2` … */
  get servers(): readonly string[] {
    return this.#ready.servers
  }

  /** Process ids of all servers, of their latest start. */
  get serverPids(): readonly number[] {
    return this.#ready.serverPids.map((pid, index) => this.#pidOf(serverNameOf(index)) ?? pid)
  }

  get serverPid(): number {
    return this.#pidOf('server') ?? this.#ready.serverPid
  }

  /** Path of the credentials file. */
  get credentials(): string {
    return this.#ready.credentials
  }

  /** The agents, with the process ids of their latest start. */
  get agents(): readonly ClusterAgent[] {
    return this.#ready.agents.map((agent, index) => ({
      ...agent,
      pid: this.#pidOf(`agent-${index + 1}`) ?? agent.pid,
    }))
  }

  get up(): TorcProcess {
    return this.#up
  }

  #pidOf(process: string): number | undefined {
    const latest = this.#up.lines.findLast(line => line.event === 'restarted' && line.process === process)
    return latest?.pid as number | undefined
  }

  /** Environment variables with which the library and the CLI find this cluster. */
  get variables(): Readonly<Record<string, string>> {
    return {
      TORC_CONFIG_DIR: this.configDirectory,
      TORC_SERVER: this.server,
      TORC_CREDENTIALS: this.credentials,
    }
  }

  /** Runs a command of the CLI against the cluster. */
  torc(args: readonly string[], options: Omit<RunOptions, 'configDirectory'> = {}): Promise<RunResult> {
    return runTorc(args, { ...options, configDirectory: this.configDirectory })
  }

  /**
   * Kills a process of the cluster (`server`, `server-2`, `agent-1` …; SIGKILL when no signal is given) and resolves
   * when its supervisor has noticed.
   */
  async kill(process_: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<Line> {
    const pid = this.pidOf(process_)
    process.kill(pid, signal)
    return await this.#up.waitFor(
      `the end of ${process_}`,
      line => line.event === 'exited' && line.pid === pid,
    )
  }

  /** The process of that name, as it was started last. */
  pidOf(name: string): number {
    const [, kind, number = '1'] = /^(server|agent)(?:-(\d+))?$/.exec(name) ?? []
    const pids = kind === 'server' ? this.serverPids : this.agents.map(agent => agent.pid)
    const pid = pids[Number(number) - 1]
    if (pid === undefined) throw new Error(`there is no process ${name}`)
    return pid
  }

  /** Kills a process and waits until its supervisor has started it again. */
  async killAndRestart(process_: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<Line> {
    const from = this.#up.lines.length
    await this.kill(process_, signal)
    return await this.#up.waitFor(
      `the restart of ${process_}`,
      line => line.event === 'restarted' && line.process === process_,
      from,
    )
  }

  /**
   * Ends the whole cluster (by Ctrl-C's signal, or SIGKILL for the supervisor and then, by their own, all
   * children) and starts it again on the same data. Ports may change.
   */
  async restart(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    if (this.#up.running) await this.end(signal)
    const { up, ready } = await Cluster.#launch(this.folder, this.#options)
    this.#up = up
    this.#ready = ready
  }

  /** Ends all processes and resolves when the last one is gone; the exit status of `torc up`. */
  async end(signal: NodeJS.Signals = 'SIGINT'): Promise<number | string> {
    const pids = [...this.serverPids, ...this.agents.map(agent => agent.pid)]
    const status = await this.#up.end(signal)
    await untilGone(pids)
    return status
  }

  /** `kill -9` of the supervisor, the server and every agent, at once. */
  async killAll(): Promise<void> {
    const pids = [this.#up.pid, ...this.serverPids, ...this.agents.map(agent => agent.pid)]
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    await this.#up.exited
    await untilGone(pids)
  }

  /** Ends the cluster and removes all that it left. */
  async stop(): Promise<number | string> {
    const status = this.#up.running ? await this.end() : await this.#up.exited
    rmSync(this.folder, { recursive: true, force: true })
    return status
  }

  log(process: string): string {
    const path = join(this.data, 'logs', `${process}.log`)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
}

function serverNameOf(index: number): string {
  return index === 0 ? 'server' : `server-${index + 1}`
}

/** Starts a cluster; see `Cluster`. */
export function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  return Cluster.start(options)
}

/** Resolves when none of the processes exists any more. Rejects after a minute. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + 60_000
  for (const pid of pids) {
    while (isAlive(pid)) {
      if (performance.now() > deadline) throw new Error(`process ${pid} does not end`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
  // A process that ended stays in the table until its parent asks for its status; an orphan's parent may not.
  return existsSync(`/proc/${pid}/stat`)
    ? !/^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    : true
}

/** The most memory that a process ever had resident, in bytes (Linux: VmHWM). */
export function vmHwm(pid: number): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (found === null) throw new Error(`process ${pid} tells no VmHWM`)
  return Number(found[1]) * 1024
}
