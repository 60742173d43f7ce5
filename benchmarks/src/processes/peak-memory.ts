import { readFileSync, writeFileSync } from 'node:fs'

/** Peak resident memory (VmHWM) of a process in bytes; undefined where there is no `/proc` or no such process. */
export function peakMemoryBytes(pid: number): number | undefined {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return match === null ? undefined : Number(match[1]) * 1024
  } catch {
    // Not Linux, or the process has ended: the column stays empty.
    return undefined
  }
}

/** Starts the peak of a process anew, so that it belongs to one case and not to all before it (proc(5), `clear_refs`). */
export function resetPeakMemory(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // Where that is not allowed the column shows the peak since the process started, which is no less true.
  }
}
