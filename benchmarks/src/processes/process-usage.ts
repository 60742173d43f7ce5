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

/** `sysconf(_SC_CLK_TCK)`: 100 on every Linux that Node runs on. */
const msPerTick = 10

/** CPU time that a process has used so far, user and system, in milliseconds (in steps of 10); undefined without `/proc`. */
export function cpuMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything; what follows it begins with the third field (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * msPerTick
  } catch {
    // As for the memory: the column stays empty.
    return undefined
  }
}
