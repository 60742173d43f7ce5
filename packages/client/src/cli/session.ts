import type { Environment } from '@torc/protocol/environment/system'
import { findCredentials } from '../config/credentials.js'
import type { GlobalOptions } from '../config/options.js'
import { type ConnectOptions, connect, tlsFilesOf } from '../connect.js'
import type { Io } from '../output/io.js'
import { Output } from '../output/output.js'
import { noProgress, type ProgressFactory, terminalProgress } from '../output/progress.js'
import type { Store } from '../store/remote-store.js'
import { askSecretKey } from './prompt.js'

/** Waits between attempts to connect that a user hears of. */
const worthTellingMs = 250

export type Connect = (options: ConnectOptions) => Promise<Store>

export interface SessionOptions {
  readonly io: Io
  readonly settings: GlobalOptions
  readonly environment: Environment
  readonly signal: AbortSignal
  /** How the store is reached; `connect` of the library when absent. */
  readonly connect?: Connect | undefined
}

/** What the commands of one run share: settings, output, and the connection, opened when first needed. */
export class Session {
  readonly #options: SessionOptions
  readonly output: Output
  readonly progress: ProgressFactory
  /** Someone at a terminal can be asked. */
  readonly interactive: boolean
  #store: Promise<Store> | undefined

  constructor(options: SessionOptions) {
    const { io, settings, environment } = options
    this.#options = options
    this.output = new Output({
      stdout: io.stdout,
      stderr: io.stderr,
      json: settings.json,
      quiet: settings.quiet,
      variables: io.variables,
    })
    const shows = io.stderr.isTTY === true && settings.progress && !settings.quiet && !settings.json
    this.progress = shows ? terminalProgress(io.stderr, environment.clock) : noProgress
    this.interactive = io.stdin.isTTY === true && io.stderr.isTTY === true && !settings.json
  }

  store(): Promise<Store> {
    this.#store ??= this.#connect().catch((error: unknown) => {
      // The next command may find the server up again.
      this.#store = undefined
      throw error
    })
    return this.#store
  }

  async close(): Promise<void> {
    // Whoever asked for the store has been told why there is none; then nothing is open.
    const store = await this.#store?.catch(() => undefined)
    this.#store = undefined
    await store?.close()
  }

  async #connect(): Promise<Store> {
    const { io, settings, environment, signal, connect: open = connect } = this.#options
    const { interactive } = this
    const prompt = interactive ? (accessKey: string) => askSecretKey(io, accessKey, signal) : undefined
    return open({
      servers: settings.server,
      credentials: await findCredentials(settings, prompt),
      timeoutMs: settings.timeout,
      environment,
      signal,
      tls: tlsFilesOf(settings),
      onReconnecting: (error, waitMs) => {
        // Most servers are back before anyone could read that they were gone.
        if (waitMs < worthTellingMs) return
        this.output.note(`${error.message}; trying again in ${(waitMs / 1000).toFixed(1)} s`)
      },
    })
  }
}
