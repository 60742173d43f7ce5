import { setTimeout as pause } from 'node:timers/promises'
import type { Store } from '@torc/client'
import type { SeededRandom } from '../../harness/simulation/seeded-random.js'
import type { Activity, ClientParts } from './activity.js'
import { Bodies } from './bodies.js'
import { Contested } from './contested.js'
import { Elements } from './elements.js'
import type { History } from './history.js'
import { Registers } from './registers.js'

/** How many registers each client has. */
const registersEach = 9
/** Longest that a client rests between two steps: the load is constant, and leaves the machine some time. */
const restMsMax = 30

/** Clients that use the store without end, each in all ways. */
export class Load {
  readonly #clients: readonly LoadClient[]
  #running: Promise<unknown> | undefined
  #over = false

  constructor(options: {
    readonly stores: readonly Store[]
    readonly history: History
    readonly random: SeededRandom
  }) {
    const { stores, history, random } = options
    const names = stores.map((_, n) => `client-${n + 1}`)
    this.#clients = stores.map((store, n) => {
      const name = names[n] ?? ''
      return new LoadClient({ name, store, history, random: random.fork(name) }, names)
    })
  }

  start(): void {
    this.#over = false
    this.#running = Promise.all(this.#clients.map(client => client.run(() => this.#over)))
    // Whoever stops the load is told; until then a failure is no unhandled one.
    this.#running.catch(() => undefined)
  }

  /** Resolves when the last call has returned. */
  async stop(): Promise<void> {
    this.#over = true
    await this.#running
  }
}

class LoadClient {
  readonly #random: SeededRandom
  /** With how many of 100 steps are theirs. */
  readonly #activities: readonly (readonly [activity: Activity, percent: number])[]

  constructor(parts: ClientParts, clients: readonly string[]) {
    this.#random = parts.random
    this.#activities = [
      [new Registers(parts, clients, registersEach), 56],
      [new Elements(parts), 28],
      [new Contested(parts), 14.5],
      [new Bodies(parts), 1.5],
    ]
  }

  async run(over: () => boolean): Promise<void> {
    while (!over()) {
      await this.#draw().step()
      await pause(this.#random.fraction() * restMsMax)
    }
  }

  #draw(): Activity {
    let left = this.#random.fraction() * 100
    for (const [activity, percent] of this.#activities) {
      left -= percent
      if (left < 0) return activity
    }
    throw new Error('the percentages are less than 100 together')
  }
}
