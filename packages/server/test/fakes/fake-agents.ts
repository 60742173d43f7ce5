import { TorcError } from '@torc/protocol/errors'
import type { Answer, IncomingBody, OutgoingBody, RequestOptions } from '@torc/protocol/exchange/exchange'
import { checkerOf, type Fields } from '@torc/protocol/messages/fields'
import { type MessageName, messages, type RequestOf } from '@torc/protocol/messages/table'
import { type Agents, notSent } from '../../src/agents/agents.js'
import type { FakeAgent } from './fake-agent.js'

/** What happens to a request on its way. */
export type Fault =
  /** It does not arrive. */
  | { readonly kind: 'lost'; readonly code?: TorcError['code'] }
  /** It takes effect, and its answer does not arrive. */
  | { readonly kind: 'answer lost' }
  /** The agent refuses it. */
  | { readonly kind: 'refused'; readonly code: TorcError['code'] }

export interface SentRequest {
  readonly agent: string
  readonly name: MessageName
  readonly head: unknown
}

/**
 * The agents of a test, without sockets. Heads pass the message table's checks in both directions. Tests take
 * agents down, lose messages, and hold requests back.
 */
export class FakeAgents implements Agents {
  readonly agents: ReadonlyMap<string, FakeAgent>
  readonly down = new Set<string>()
  readonly sent: SentRequest[] = []
  /** Bytes of all bodies that were sent to agents. */
  bodyBytes = 0
  /** Decides what happens to each request; undefined lets it through. */
  fault: ((request: SentRequest) => Fault | undefined) | undefined
  /** Holds each request back until it resolves. */
  gate: ((request: SentRequest) => Promise<void> | undefined) | undefined

  constructor(agents: Iterable<FakeAgent>) {
    this.agents = new Map(Array.from(agents, agent => [agent.id, agent]))
  }

  isReachable(agent: string): boolean {
    return this.isAlive(agent)
  }

  isAlive(agent: string): boolean {
    return this.agents.has(agent) && !this.down.has(agent)
  }

  async request<N extends MessageName>(
    agent: string,
    name: N,
    head: RequestOf<N>,
    options: RequestOptions = {},
  ): Promise<Answer<N>> {
    const answers = await this.#deliver(agent, name, head, options)
    const [only] = answers
    if (only === undefined || answers.length > 1)
      throw new TorcError('PROTOCOL', `${name} was answered by several frames`)
    return only as Answer<N>
  }

  async *fetch<N extends MessageName>(
    agent: string,
    name: N,
    head: RequestOf<N>,
    options: RequestOptions = {},
  ): AsyncGenerator<Answer<N>> {
    yield* (await this.#deliver(agent, name, head, options)) as Answer<N>[]
  }

  /** Requests of one kind that were sent, by agent. */
  sentTo(name: MessageName): string[] {
    return this.sent.filter(request => request.name === name).map(request => request.agent)
  }

  async #deliver(
    id: string,
    name: MessageName,
    head: unknown,
    options: RequestOptions,
  ): Promise<Answer<MessageName>[]> {
    const agent = this.agents.get(id)
    if (agent === undefined || this.down.has(id)) throw notSent(id)
    if (options.signal?.aborted === true) throw new TorcError('CANCELLED', 'cancelled')
    const { request, response } = messages[name] as { request: Fields; response: Fields }
    const sent = { agent: id, name, head: checkerOf(request)(head) }
    this.sent.push(sent)
    await this.gate?.(sent)
    const fault = this.fault?.(sent)
    const body = options.body === undefined ? undefined : await gatherBody(options.body)
    this.bodyBytes += body?.length ?? 0
    if (fault?.kind === 'lost') throw new TorcError(fault.code ?? 'TIMEOUT', `${name} to ${id} was lost`)
    if (fault?.kind === 'refused') throw new TorcError(fault.code, `${id} refused ${name}`)
    const replies = agent.answer(name, sent.head, body)
    if (fault?.kind === 'answer lost') throw new TorcError('UNREACHABLE', `the connection to ${id} broke`)
    return replies.map(reply => ({
      head: checkerOf(response)(reply.head) as never,
      body: reply.body === undefined ? undefined : new GivenBody([reply.body]),
    }))
  }
}

async function gatherBody(body: OutgoingBody): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body
  if ('stream' in body) {
    const pieces: Uint8Array[] = []
    for await (const piece of body.stream) pieces.push(piece instanceof Uint8Array ? piece : piece.bytes)
    return Buffer.concat(pieces)
  }
  if (!('leases' in body)) return Buffer.concat(body)
  const whole = Buffer.concat(body.leases.map(({ bytes }) => bytes))
  for (const lease of body.leases) lease.release()
  return whole
}

/** A body that is there. */
export class GivenBody implements IncomingBody {
  readonly inline: readonly Uint8Array[]
  readonly sha256 = undefined

  constructor(pieces: readonly Uint8Array[]) {
    this.inline = pieces
  }

  async bytes(): Promise<Uint8Array> {
    return Buffer.concat(this.inline)
  }

  discard(): void {}

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    yield* this.inline
  }
}
