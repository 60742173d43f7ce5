import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'
import { openLog } from '../files/log-file.js'
import { type ChildMessage, errorOf, type HttpFaces, parseChildMessage } from './messages.js'
import { RestartBackoff } from './restart-backoff.js'
import { supervisedVariable } from './supervised.js'

/** A node that a process runs, as it presented itself. */
export interface RunningNode extends HttpFaces {
  readonly id: string
  readonly address: string
  readonly pid: number
}

export type ProcessEvent =
  | {
      readonly event: 'exited'
      readonly process: string
      readonly pid: number
      readonly code: number | null
      readonly signal: string | null
      readonly restartInMs: number
      readonly reason?: string
    }
  | {
      readonly event: 'restarted'
      readonly process: string
      readonly pid: number
      readonly id: string
      readonly address: string
      readonly http?: string | undefined
      readonly s3?: string | undefined
    }

export interface ManagedProcessOptions {
  /** How events and logs call it. */
  readonly name: string
  /** Program and arguments of the next start; `last` is how the node ran before. */
  readonly command: (last: RunningNode | undefined) => readonly [program: string, ...args: string[]]
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Its standard output and error are appended here. */
  readonly logFile: string
  readonly clock: Clock
  readonly onEvent: (event: ProcessEvent) => void
}

/** A child process that is kept running: started again with growing delays whenever it ends. */
export class ManagedProcess {
  readonly name: string
  readonly #options: ManagedProcessOptions
  readonly #backoff = new RestartBackoff()
  #child: ChildProcess | undefined
  #node: RunningNode | undefined
  #cancelRestart: (() => void) | undefined
  #stopping = false

  constructor(options: ManagedProcessOptions) {
    this.name = options.name
    this.#options = options
  }

  /** The node as it ran last; undefined before its first start succeeded. */
  get node(): RunningNode | undefined {
    return this.#node
  }

  /** Starts it and resolves when it is ready. A process that fails before that is not started again: rejects. */
  async start(): Promise<RunningNode> {
    return await new Promise<RunningNode>((resolve, reject) => this.#launch(resolve, reject))
  }

  /**
   * One run of the process. `onFirstReady` and `onFirstFailure` belong to `start`; without them a failure
   * leads to the next run.
   */
  #launch(onFirstReady?: (node: RunningNode) => void, onFirstFailure?: (error: TorcError) => void): void {
    const { clock, logFile, variables } = this.#options
    const [program, ...args] = this.#options.command(this.#node)
    const log = openLog(logFile)
    const child = spawn(program, args, {
      env: { ...variables, [supervisedVariable]: '1' },
      stdio: ['ignore', log, log, 'ipc'],
    })
    closeSync(log)
    this.#child = child
    const started = clock.monotonicMs()
    let wasReady = false
    let failure: TorcError | undefined
    child.on('message', value => {
      const message = parseChildMessage(value)
      if (message?.type === 'failed') failure = errorOf(message)
      if (message?.type !== 'ready' || wasReady) return
      wasReady = true
      const node = this.#adopt(message, child.pid ?? 0)
      if (onFirstReady !== undefined) onFirstReady(node)
      else this.#options.onEvent({ event: 'restarted', process: this.name, ...node })
    })
    const onEnd = (code: number | null, signal: string | null, cause?: Error): void => {
      if (this.#child !== child) return
      this.#child = undefined
      const error = failure ?? this.#endedError(code, signal, cause)
      if (onFirstFailure !== undefined && !wasReady) onFirstFailure(error)
      else if (!this.#stopping) {
        const reason = failure === undefined ? {} : { reason: failure.message }
        const ended = { event: 'exited', process: this.name, pid: child.pid ?? 0, code, signal } as const
        const restartInMs = this.#backoff.nextDelayMs(clock.monotonicMs() - started)
        this.#cancelRestart = clock.after(restartInMs, () => this.#launch())
        this.#options.onEvent({ ...ended, restartInMs, ...reason })
      }
    }
    child.on('error', error => {
      // Also emitted when a signal can't be sent; only a process that never began ends without `exit`.
      if (child.pid === undefined) onEnd(null, null, error)
    })
    child.on('exit', (code, signal) => onEnd(code, signal))
  }

  #adopt(message: Extract<ChildMessage, { type: 'ready' }>, pid: number): RunningNode {
    const { type: _, ...node } = message
    this.#node = { ...node, pid }
    return this.#node
  }

  #endedError(code: number | null, signal: string | null, cause: Error | undefined): TorcError {
    const how = cause?.message ?? (signal === null ? `ended with status ${code}` : `was ended by ${signal}`)
    return new TorcError('INTERNAL', `the process ${this.name} ${how} before it was ready`, {
      cause,
      hint: `Its log is ${this.#options.logFile}.`,
    })
  }

  /** Ends it for good: SIGTERM, and SIGKILL after `graceMs`. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true
    this.#cancelRestart?.()
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    await new Promise<void>(resolve => {
      const cancelKill = this.#options.clock.after(graceMs, () => child.kill('SIGKILL'))
      child.once('exit', () => {
        cancelKill()
        resolve()
      })
      child.kill('SIGTERM')
    })
  }
}
