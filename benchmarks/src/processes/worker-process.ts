import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { childEnvironment } from './child-environment.js'
import type { CommandMessage, Commands, ReplyMessage } from './worker.js'

const stopMs = 1_000

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** The parent's side of a worker process; `C` is the worker's own table of commands. */
export class WorkerProcess<C extends Commands> {
  readonly name: string
  readonly pid: number
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  /** Starts the compiled module at `module`, which must call `serveWorker`. */
  constructor(name: string, module: URL) {
    this.name = name
    this.#child = fork(fileURLToPath(module), [], {
      serialization: 'advanced',
      execArgv: [],
      env: childEnvironment(),
    })
    if (this.#child.pid === undefined) throw new Error(`${name} did not start`)
    this.pid = this.#child.pid
    this.#child.on('message', message => this.#settle(message as ReplyMessage))
    this.#child.on('exit', (code, signal) => this.#fail(new Error(`${name} ended (${signal ?? code})`)))
    this.#child.on('error', error => this.#fail(error))
  }

  /** Runs one command in the worker; rejects with the worker's own stack, or when it ends first. */
  call<K extends keyof C & string>(
    command: K,
    argument: Parameters<C[K]>[0],
  ): Promise<Awaited<ReturnType<C[K]>>> {
    const id = ++this.#lastId
    const message: CommandMessage = { id, command, argument }
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: value => resolve(value as Awaited<ReturnType<C[K]>>), reject })
      this.#child.send(message)
    })
  }

  /** Ends the worker; resolves once it is gone. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    if (this.#child.connected) this.#child.disconnect()
    // One that is in the middle of a run does not hear of it.
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMs)
    await exited
    clearTimeout(timer)
  }

  #settle(reply: ReplyMessage): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if ('error' in reply) waiting?.reject(new Error(`${this.name}: ${reply.error}`))
    else waiting?.resolve(reply.value)
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }
}
