import { backoffMs } from '@torc/protocol/environment/backoff'
import type { Log } from '@torc/protocol/environment/log'
import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'

/**
 * An agent that did not answer in time is not asked for this long, in milliseconds, and twice as long each time
 * it happens again, unless gossip finds it answering sooner.
 */
const mistrustMs = 2_000
const mistrustMsMax = 30_000

export interface LinkOptions {
  readonly environment: Environment
  readonly log: Log
  /** Opens a connection to the address at which the agent is known now. */
  readonly connect: (agent: string, signal: AbortSignal) => Promise<Exchange>
  readonly onConnected: (agent: string) => void
  readonly onFailed: (agent: string) => void
}

/** The connection to one agent: kept open, opened again with backoff when it ends. */
export class AgentLink {
  readonly agent: string
  readonly #options: LinkOptions
  readonly #stop = new AbortController()
  #exchange: Exchange | undefined
  #failures = 0
  #mistrustedUntilMs = 0
  #silences = 0
  /** Others say that the agent is down, and nothing has been heard of it since. */
  #doubted = false
  #cancelRetry: (() => void) | undefined
  #connecting: Promise<void> | undefined

  constructor(agent: string, options: LinkOptions) {
    this.agent = agent
    this.#options = options
  }

  /** The open exchange, if there is one. */
  get exchange(): Exchange | undefined {
    const exchange = this.#exchange
    return exchange?.open === true ? exchange : undefined
  }

  get alive(): boolean {
    if (this.exchange === undefined || this.#doubted) return false
    return (
      this.#mistrustedUntilMs === 0 ||
      this.#options.environment.clock.monotonicMs() >= this.#mistrustedUntilMs
    )
  }

  /** Connects unless it is or does already. Resolves after the first attempt, whatever it gave. */
  start(): Promise<void> {
    if (this.exchange !== undefined || this.#stop.signal.aborted) return Promise.resolve()
    this.#cancelRetry?.()
    this.#connecting ??= this.#attempt().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  /** Takes over a connection that was opened elsewhere, unless it has one that works. Returns the one it has then. */
  adopt(exchange: Exchange): Exchange | undefined {
    const known = this.exchange
    if (known === exchange) return known
    if ((known !== undefined && !this.#doubted) || this.#stop.signal.aborted) {
      void exchange.close()
      return known
    }
    this.#cancelRetry?.()
    this.#exchange = exchange
    known?.destroy(new TorcError('UNREACHABLE', `a newer connection to ${this.agent} takes its place`))
    this.#failures = 0
    this.trust()
    void exchange.closed.then(error => this.#onClosed(exchange, error))
    this.#options.onConnected(this.agent)
    return exchange
  }

  /** `onFailure` of whatever was thrown; made once, as it is handed out with every request. */
  readonly onRejected = (thrown: unknown): void => this.onFailure(TorcError.from(thrown))

  /** A request failed. Only silence counts: an error is an answer. */
  onFailure(error: TorcError): void {
    if (error.code !== 'TIMEOUT') return
    const nowMs = this.#options.environment.clock.monotonicMs()
    // Requests that were sent together fall silent together: they count once.
    if (nowMs >= this.#mistrustedUntilMs) {
      this.#mistrustedUntilMs =
        nowMs + Math.min(mistrustMsMax, mistrustMs * 2 ** Math.min(this.#silences, 10))
      this.#silences++
    }
    this.#options.onFailed(this.agent)
  }

  /** It answers (again). */
  trust(): void {
    this.#mistrustedUntilMs = 0
    this.#silences = 0
    this.#doubted = false
  }

  /** Others say that the agent is down: not alive until it answers here, which counts for more. */
  doubt(): void {
    this.#doubted = true
  }

  /** It answered, or nobody says that it is down any more. Handed out with every request, so made once. */
  readonly believe = (): void => {
    this.#doubted = false
  }

  /** Lets requests under way end, then closes. */
  async close(timeoutMs: number): Promise<void> {
    this.#stop.abort()
    this.#cancelRetry?.()
    await this.#exchange?.close(timeoutMs)
    await this.#connecting
  }

  async #attempt(): Promise<void> {
    const { signal } = this.#stop
    try {
      const exchange = await this.#options.connect(this.agent, signal)
      if (exchange.peer.id !== this.agent) {
        void exchange.close()
        throw new TorcError('CONFIG', `${exchange.peer.id} answers at the address of ${this.agent}`)
      }
      this.adopt(exchange)
    } catch (thrown) {
      if (signal.aborted) return
      this.#failures++
      const { log, onFailed } = this.#options
      log.debug(
        { agent: this.agent, failures: this.#failures, error: TorcError.from(thrown).message },
        'cannot connect',
      )
      onFailed(this.agent)
      this.#retryLater()
    }
  }

  #onClosed(exchange: Exchange, error: TorcError | undefined): void {
    if (this.#exchange !== exchange) return
    this.#exchange = undefined
    if (this.#stop.signal.aborted) return
    this.#options.log.info({ agent: this.agent, error: error?.message }, 'connection to an agent ended')
    this.#options.onFailed(this.agent)
    this.#retryLater()
  }

  #retryLater(): void {
    const { clock, random } = this.#options.environment
    this.#cancelRetry = clock.after(backoffMs(this.#failures, random.fraction()), () => {
      this.#cancelRetry = undefined
      void this.start()
    })
  }
}
