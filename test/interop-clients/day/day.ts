export type Outcome = 'passed' | 'failed' | 'skipped'

export interface Step {
  readonly name: string
  readonly outcome: Outcome
  /** Why it failed or was skipped. */
  readonly why: string
  readonly milliseconds: number
}

/** What a client is asked to do, step by step. A step that fails does not keep those after it from being tried. */
export class Day {
  readonly steps: Step[] = []
  readonly #onStep: (step: Step) => void

  constructor(onStep: (step: Step) => void = () => undefined) {
    this.#onStep = onStep
  }

  /** Does a step; whether it went well. What it throws is why it failed. */
  async step(name: string, work: () => Promise<void>): Promise<boolean> {
    const begunMs = performance.now()
    try {
      await work()
      this.record({ name, outcome: 'passed', why: '', milliseconds: performance.now() - begunMs })
      return true
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown)
      this.record({ name, outcome: 'failed', why, milliseconds: performance.now() - begunMs })
      return false
    }
  }

  skip(name: string, why: string): void {
    this.record({ name, outcome: 'skipped', why, milliseconds: 0 })
  }

  /** Takes a step over that was done elsewhere. */
  record(step: Step): void {
    this.steps.push(step)
    this.#onStep(step)
  }
}

/** Throws a sentence that shows both where they differ. */
export function expectEqual(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)]
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`)
}

export function expectMatch(found: string, pattern: RegExp, what: string): void {
  if (!pattern.test(found)) throw new Error(`${what}: ${found.slice(0, 500)} does not match ${pattern}`)
}
