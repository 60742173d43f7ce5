import { cpuMs, peakMemoryBytes, resetPeakMemory } from '../processes/process-usage.js'
import type { NamedProcess, Side } from './side.js'
import { median, spread } from './statistics.js'

export interface SideResult {
  /** Units per second, median of the runs. */
  readonly rate: number
  readonly rates: readonly number[]
  /** (largest − smallest) / median of the runs. */
  readonly spread: number
  readonly processes: readonly ProcessUsage[]
}

/** What one process used while its side ran. */
export interface ProcessUsage {
  readonly name: string
  readonly peakMemoryBytes: number | undefined
  /**
   * CPU time for a thousand units (operations or bytes), milliseconds. It moves less than a rate does when other
   * programs are at work, and says where the time goes.
   */
  readonly cpuMsPerThousand: number | undefined
}

export interface Comparison {
  readonly baseline: SideResult
  readonly torc: SideResult | undefined
  /** Torc's rate over the baseline's. */
  readonly ratio: number | undefined
}

/**
 * Runs both sides in turn (baseline, Torc, baseline, Torc …), so that a machine that becomes slower or faster
 * meanwhile moves both. Without `torc` only the baseline is measured.
 */
export async function interleave(
  baseline: Side,
  torc: Side | undefined,
  rounds: number,
): Promise<Comparison> {
  const sides = torc === undefined ? [baseline] : [baseline, torc]
  for (const side of sides) {
    for (const { pid } of side.processes) resetPeakMemory(pid)
    await side.warmUp()
  }
  const measured = sides.map(side => new Measured(side))
  for (let round = 0; round < rounds; round++) for (const one of measured) await one.run()
  const [baselineResult, torcResult] = measured.map(one => one.result())
  if (baselineResult === undefined) throw new Error('no side was measured')
  const ratio = torcResult === undefined ? undefined : torcResult.rate / baselineResult.rate
  return { baseline: baselineResult, torc: torcResult, ratio }
}

/** One side's runs so far. */
class Measured {
  readonly #side: Side
  readonly #rates: number[] = []
  readonly #cpuMs: (number | undefined)[]
  #units = 0

  constructor(side: Side) {
    this.#side = side
    this.#cpuMs = side.processes.map(() => 0)
  }

  async run(): Promise<void> {
    const before = this.#cpuOfAll()
    const { units, elapsedMs } = await this.#side.run()
    for (const [index, after] of this.#cpuOfAll().entries()) {
      const used = this.#cpuMs[index]
      const start = before[index]
      const known = used !== undefined && start !== undefined && after !== undefined
      this.#cpuMs[index] = known ? used + after - start : undefined
    }
    this.#units += units
    this.#rates.push((units / elapsedMs) * 1000)
  }

  result(): SideResult {
    const processes = this.#side.processes.map(({ name, pid }, index) => {
      const used = this.#cpuMs[index]
      const cpuMsPerThousand = used === undefined ? undefined : (used / this.#units) * 1000
      return { name, peakMemoryBytes: peakMemoryBytes(pid), cpuMsPerThousand }
    })
    return { rate: median(this.#rates), rates: this.#rates, spread: spread(this.#rates), processes }
  }

  #cpuOfAll(): (number | undefined)[] {
    return this.#side.processes.map(({ pid }: NamedProcess) => cpuMs(pid))
  }
}
