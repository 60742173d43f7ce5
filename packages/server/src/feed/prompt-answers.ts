import type { Clock } from '@torc/protocol/environment/clock'
import type { Log } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'

/** How long all are waited for, in milliseconds. What answers later is left out of the batch that is made now. */
const graceMs = 500

/**
 * Asks many agents at once and goes on without those that do not answer soon, so that a slow one never holds up what the
 * others know. One that was late is not asked again, and not waited for, before its answer came or failed.
 */
export class PromptAnswers {
  readonly #clock: Clock
  readonly #log: Log
  /** Late requests, by agent. */
  readonly #late = new Map<string, number>()

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  /** Answers by agent. Waits beyond the grace only while nobody has answered at all. */
  async gather<T>(agents: readonly string[], ask: (agent: string) => Promise<T>): Promise<Map<string, T>> {
    const answers = new Map<string, T>()
    const open = new Set(agents.filter(agent => !this.#late.has(agent)))
    if (open.size === 0) return answers
    await new Promise<void>(resolve => {
      let isOver = false
      let graceIsOver = false
      const end = (): void => {
        isOver = true
        disarm()
        for (const agent of open) this.#late.set(agent, (this.#late.get(agent) ?? 0) + 1)
        resolve()
      }
      const look = (): void => {
        if (!isOver && (open.size === 0 || (graceIsOver && answers.size > 0))) end()
      }
      const disarm = this.#clock.after(graceMs, () => {
        graceIsOver = true
        look()
      })
      for (const agent of [...open]) {
        const settle = (note: () => void): void => {
          if (isOver) this.#came(agent)
          else note()
          open.delete(agent)
          look()
        }
        ask(agent).then(
          answer => settle(() => answers.set(agent, answer)),
          (thrown: unknown) => {
            this.#log.debug(
              { agent, error: TorcError.from(thrown).message },
              'an agent does not tell its changes',
            )
            settle(() => {})
          },
        )
      }
    })
    return answers
  }

  #came(agent: string): void {
    const left = (this.#late.get(agent) ?? 1) - 1
    if (left > 0) this.#late.set(agent, left)
    else this.#late.delete(agent)
  }
}
