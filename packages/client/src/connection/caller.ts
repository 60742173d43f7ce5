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

export interface CallPlan<N extends MessageName> extends CallSettings {
  readonly body?: Sendable | undefined
  /** A write: an attempt whose answer was lost may have taken effect. */
  readonly writes?: boolean
  /** The head for an attempt after the first. */
  readonly repeat?: (head: RequestOf<N>) => RequestOf<N>
}

/** Sends requests over the connector's connection and sends them again where that is safe. */
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

  exchange(deadline: Deadline): Promise<Exchange> {
    return this.#connector.acquire(deadline)
  }

  /** One request, one answer, in as many attempts as the deadline and the body allow. */
  async call<N extends MessageName>(name: N, head: RequestOf<N>, plan: CallPlan<N>): Promise<Answer<N>> {
    const { timeoutMs = this.#timeoutMs, signal, body } = plan
    const startedMs = this.#environment.clock.monotonicMs()
    const exchange = this.#connector.current
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
    for (;;) {
      if (failure !== undefined) {
        if (failure.code === 'UNREACHABLE') lost++
        else answered++
        const resendable = plan.body?.resendable ?? true
        if (judgeFailure(failure, { answered, lost }, resendable) === 'give up')
          throw outcome(failure, plan.writes)
        if (plan.body?.streams === true) deadline = this.deadline(plan)
        await this.#prepare(failure, exchange, answered, deadline)
      }
      try {
        exchange = await this.#connector.acquire(this.#searchDeadline(deadline))
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

  /** Before another attempt: a wait after an answer; a lost connection waits in the connector. */
  async #prepare(
    failure: TorcError,
    exchange: Exchange | undefined,
    answered: number,
    deadline: Deadline,
  ): Promise<void> {
    if (failure.code === 'UNREACHABLE') return
    if (exchange !== undefined && this.#connector.several && anotherServerMayHelp(failure.code)) {
      this.#connector.leave(exchange)
    }
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
