import { peakMemoryBytes, resetPeakMemory } from '../processes/peak-memory.js'
import type { NamedProcess, Sample, Side } from './side.js'
import { median, spread } from './statistics.js'

export interface SideResult {
  /** Units per second, median of the runs. */
  readonly rate: number
  readonly rates: readonly number[]
  /** (largest − smallest) / median of the runs. */
  readonly spread: number
  readonly peakMemory: readonly { readonly name: string; readonly bytes: number | undefined }[]
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
  const rates = sides.map((): number[] => [])
  for (let round = 0; round < rounds; round++) {
    for (const [index, side] of sides.entries()) rates[index]?.push(ratePerSecond(await side.run()))
  }
  const results = sides.map((side, index) => resultOf(rates[index] ?? [], side.processes))
  const [baselineResult, torcResult] = results
  if (baselineResult === undefined) throw new Error('no side was measured')
  const ratio = torcResult === undefined ? undefined : torcResult.rate / baselineResult.rate
  return { baseline: baselineResult, torc: torcResult, ratio }
}

function ratePerSecond({ units, elapsedMs }: Sample): number {
  return (units / elapsedMs) * 1000
}

function resultOf(rates: readonly number[], processes: readonly NamedProcess[]): SideResult {
  const peakMemory = processes.map(({ name, pid }) => ({ name, bytes: peakMemoryBytes(pid) }))
  return { rate: median(rates), rates, spread: spread(rates), peakMemory }
}
