import type { TorcError } from '@torc/protocol/errors'
import type { Exchange, Peer } from '@torc/protocol/exchange/exchange'
import type { SilenceRule } from '@torc/protocol/exchange/liveness'

/** A connection that carries nothing: a test says how many requests are under way, and when it ends. */
export class FakeExchange implements Exchange {
  open = true
  openRequests = 0
  readonly closed: Promise<TorcError | undefined>
  readonly silence: SilenceRule | undefined
  readonly peer: Peer
  #end: (error: TorcError | undefined) => void = () => {}

  constructor(name: string, silence: SilenceRule | undefined) {
    this.peer = { role: 'server', id: name, name, address: name, features: [], clusterId: '' }
    this.silence = silence
    this.closed = new Promise(resolve => {
      this.#end = resolve
    })
  }

  request(): never {
    throw new Error('a fake carries no requests')
  }

  fetch(): never {
    throw new Error('a fake carries no requests')
  }

  async close(): Promise<void> {
    this.destroy()
  }

  destroy(error?: TorcError): void {
    this.open = false
    this.#end(error)
  }
}
