import type { Clock } from '@torc/protocol/environment/clock'
import { formatBytes, formatDuration } from './format.js'

/** Nothing is shown for what takes less. */
const appearMs = 1_000
const redrawMs = 150

export interface ProgressTotals {
  readonly label: string
  /** Bytes in all, where known. */
  readonly bytes?: number | undefined
  /** Files in all, for trees. */
  readonly files?: number | undefined
  /** What is counted where it is not files, in the plural. */
  readonly unit?: string | undefined
}

/** Where a command reports how far it has come. */
export interface Progress {
  bytes(count: number): void
  /** A file of a tree is done. */
  file(): void
  /** More was found while the work is already under way. */
  grow(bytes: number, files: number): void
  /** Prints something while the line makes room for it. */
  above(print: () => void): void
  /** Clears the line. */
  end(): void
}

export interface ProgressFactory {
  start(totals: ProgressTotals): Progress
}

const silent: Progress = { bytes() {}, file() {}, grow() {}, above: print => print(), end() {} }

export const noProgress: ProgressFactory = { start: () => silent }

/** A line that redraws itself on a terminal: bytes, rate and time left, files done of all for trees. */
export function terminalProgress(
  stream: { write(text: string): unknown; readonly columns?: number },
  clock: Clock,
): ProgressFactory {
  return { start: totals => new ProgressLine(stream, clock, totals) }
}

class ProgressLine implements Progress {
  readonly #stream: { write(text: string): unknown; readonly columns?: number }
  readonly #clock: Clock
  readonly #label: string
  readonly #unit: string | undefined
  readonly #beganMs: number
  #bytesTotal: number | undefined
  #filesTotal: number | undefined
  #bytesDone = 0
  #filesDone = 0
  #shown = false
  #disarm: () => void

  constructor(
    stream: { write(text: string): unknown; readonly columns?: number },
    clock: Clock,
    totals: ProgressTotals,
  ) {
    this.#stream = stream
    this.#clock = clock
    this.#label = totals.label
    this.#unit = totals.unit
    this.#bytesTotal = totals.bytes
    this.#filesTotal = totals.files
    this.#beganMs = clock.monotonicMs()
    this.#disarm = clock.after(appearMs, () => this.#draw())
  }

  bytes(count: number): void {
    this.#bytesDone += count
  }

  file(): void {
    this.#filesDone++
  }

  grow(bytes: number, files: number): void {
    if (bytes > 0) this.#bytesTotal = (this.#bytesTotal ?? 0) + bytes
    if (files > 0) this.#filesTotal = (this.#filesTotal ?? 0) + files
  }

  above(print: () => void): void {
    this.#clear()
    print()
  }

  end(): void {
    this.#disarm()
    this.#clear()
  }

  /** The next drawing brings it back. */
  #clear(): void {
    if (this.#shown) this.#stream.write('\r\u001b[K')
    this.#shown = false
  }

  #draw(): void {
    const seconds = (this.#clock.monotonicMs() - this.#beganMs) / 1000
    const text = progressText({
      label: this.#label,
      unit: this.#unit,
      bytesDone: this.#bytesDone,
      bytesTotal: this.#bytesTotal,
      filesDone: this.#filesDone,
      filesTotal: this.#filesTotal,
      seconds,
    })
    // One column stays free, or the terminal would wrap the line.
    this.#stream.write(`\r${text.slice(0, (this.#stream.columns ?? 80) - 1)}\u001b[K`)
    this.#shown = true
    this.#disarm = this.#clock.after(redrawMs, () => this.#draw())
  }
}

export interface ProgressState {
  readonly label: string
  readonly unit?: string | undefined
  readonly bytesDone: number
  readonly bytesTotal: number | undefined
  readonly filesDone: number
  readonly filesTotal: number | undefined
  readonly seconds: number
}

/** The text of a progress line: pure, so that it can be tested. */
export function progressText(state: ProgressState): string {
  const { bytesDone, bytesTotal, filesDone, filesTotal, seconds } = state
  const parts = [state.label]
  if (filesTotal !== undefined) parts.push(`${filesDone}/${filesTotal} ${state.unit ?? 'files'}`)
  // Nothing to count: what can be said is that it goes on.
  if (bytesTotal === undefined && bytesDone === 0) return [...parts, formatDuration(seconds)].join('  ')
  if (bytesTotal === undefined) parts.push(formatBytes(bytesDone))
  else {
    const percent = bytesTotal === 0 ? 100 : Math.min(100, Math.floor((bytesDone / bytesTotal) * 100))
    parts.push(`${percent}%`, `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`)
  }
  const rate = seconds > 0 ? bytesDone / seconds : 0
  parts.push(`${formatBytes(Math.round(rate))}/s`)
  if (bytesTotal !== undefined && rate > 0 && bytesDone < bytesTotal) {
    parts.push(`${formatDuration((bytesTotal - bytesDone) / rate)} left`)
  }
  return parts.join('  ')
}
