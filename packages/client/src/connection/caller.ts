import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { Answer, Exchange, OutgoingBody } from '@torc/protocol/exchange/exchange'
import type { MessageName, RequestOf } from '@torc/protocol/messages/table'
import type { Connector } from './connector.js'
import { Deadline } from './deadline.js'
import { anotherServerMayHelp, judgeFailure } from './retry.js'

export interface CallSettings {
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A body that can say whether it may be sent (again). */
export interface Sendable {
  /** The body for one attempt. */
  attempt(): OutgoingBody
  /** Whether another attempt can send the same bytes. */
  readonly resendable: boolean
  /** It may take long: the deadline is that of each step, and begins anew with another attempt. */
  readonly streams: boolean
}

/** Keeps the requests of one piece of work at the server that it began at, for as long as the connection lasts. */
export class Pin {
  #exchange: Exchange | undefined

  get current(): Exchange | undefined {
    return this.#exchange?.open === true ? this.#exchange : undefined
  }

  set current(exchange: Exchange) {
    this.#exchange = exchange
  }
}

export interface CallPlan<N extends MessageName> extends CallSettings {
  readonly body?: Sendable | undefined
  /** A write: an attempt whose answer was lost may have taken effect. */
  readonly writes?: boolean
  /** The head for an attempt after the first. */
  readonly repeat?: (head: RequestOf<N>) => RequestOf<N>
  /** For requests that cost less at a server that had the ones before. */
  readonly pin?: Pin | undefined
}

/** Sends requests over the connector's connections and sends them again, elsewhere where need be, where that is safe. */
export class Caller {
  readonly #connector: Connector
  readonly #environment: Environment
  readonly #timeoutMs: number

  constructor(connector: Connector, environment: Environment, timeoutMs: number) {
    this.#connector = connector
    this.#environment = environment
    this.#timeoutMs = timeoutMs
  }

  deadline(settings: CallSettings, startedMs?: number): Deadline {
    return new Deadline(
      this.#environment.clock,
      settings.timeoutMs ?? this.#timeoutMs,
      settings.signal,
      startedMs,
    )
  }

  /** Whether there is more than one server to ask. */
  get several(): boolean {
    return this.#connector.several
  }

  /** The connection for the next attempt. A server that says that it can't serve is left for another. */
  async exchangeAfter(
    failure: TorcError | undefined,
    failed: Exchange | undefined,
    pin: Pin | undefined,
    deadline: Deadline,
  ): Promise<Exchange> {
    const connector = this.#connector
    if (failure !== undefined && failed?.open === true && connector.several) {
      if (anotherServerMayHelp(failure.code)) return connector.another(failed, deadline)
    }
    return pin?.current ?? connector.acquire(deadline)
  }

  /** After the server of a pin said, in the middle of an answer's body, that it can't go on: pins another one. */
  async moveOn(pin: Pin, failure: TorcError, settings: CallSettings): Promise<void> {
    const failed = pin.current
    if (failed === undefined) return
    pin.current = await this.exchangeAfter(failure, failed, undefined, this.deadline(settings))
  }

  /** One request, one answer, in as many attempts as the deadline and the body allow. */
  async call<N extends MessageName>(name: N, head: RequestOf<N>, plan: CallPlan<N>): Promise<Answer<N>> {
    const { timeoutMs = this.#timeoutMs, signal, body, pin } = plan
    const startedMs = this.#environment.clock.monotonicMs()
    const exchange = pin?.current ?? this.#connector.pick()
    if (pin !== undefined && exchange !== undefined) pin.current = exchange
    if (exchange === undefined) return this.#callAgain(name, head, plan, startedMs, undefined, undefined)
    try {
      return await exchange.request(name, head, { body: body?.attempt(), timeoutMs, signal })
    } catch (thrown) {
      return this.#callAgain(name, head, plan, startedMs, TorcError.from(thrown), exchange)
    }
  }

  async #callAgain<N extends MessageName>(
    name: N,
    head: RequestOf<N>,
    plan: CallPlan<N>,
    startedMs: number,
    firstFailure: TorcError | undefined,
    firstExchange: Exchange | undefined,
  ): Promise<Answer<N>> {
    let deadline = this.deadline(plan, startedMs)
    let failure = firstFailure
    let exchange = firstExchange
    let answered = 0
    let lost = 0
    let sent = firstFailure !== undefined
    const { pin } = plan
    for (;;) {
      if (failure !== undefined) {
        if (failure.code === 'UNREACHABLE') lost++
        else answered++
        const resendable = plan.body?.resendable ?? true
        const circumstances = { resendable, several: this.several }
        if (judgeFailure(failure, { answered, lost }, circumstances) === 'give up')
          throw outcome(failure, plan.writes)
        if (plan.body?.streams === true) deadline = this.deadline(plan)
        await this.#pause(failure, answered, deadline)
      }
      try {
        exchange = await this.exchangeAfter(failure, exchange, pin, this.#searchDeadline(deadline))
        if (pin !== undefined) pin.current = exchange
      } catch (thrown) {
        const error = TorcError.from(thrown)
        throw sent ? outcome(error, plan.writes) : error
      }
      try {
        const { signal, body } = plan
        const timeoutMs = Math.max(1, deadline.remainingMs)
        const again = sent && plan.repeat !== undefined ? plan.repeat(head) : head
        sent = true
        return await exchange.request(name, again, { body: body?.attempt(), timeoutMs, signal })
      } catch (thrown) {
        failure = TorcError.from(thrown)
      }
    }
  }

  /** A call that may take hours does not look for a server that long. */
  #searchDeadline(deadline: Deadline): Deadline {
    if (deadline.remainingMs <= this.#timeoutMs) return deadline
    return new Deadline(this.#environment.clock, this.#timeoutMs, deadline.signal)
  }

  /** A wait after an answer that says "not now"; after a lost connection there is none but the connector's. */
  async #pause(failure: TorcError, answered: number, deadline: Deadline): Promise<void> {
    if (failure.code === 'UNREACHABLE') return
    const waitMs = retryWaitMs(answered, this.#environment.random.fraction())
    // With too little time left for another attempt the answer that came is the result.
    if (waitMs >= deadline.remainingMs) throw failure
    await deadline.sleep(waitMs)
  }
}

/** 50, 100, 200 ms, each with up to as much again. */
function retryWaitMs(answered: number, fraction: number): number {
  return 50 * 2 ** (answered - 1) * (1 + fraction)
}

/** A write whose connection was lost after it was sent may have been stored: say so. */
function outcome(error: TorcError, writes: boolean | undefined): TorcError {
  if (writes !== true || error.code !== 'UNREACHABLE') return error
  return new TorcError('INDETERMINATE', `the connection was lost before the answer came: ${error.message}`, {
    cause: error,
  })
}
