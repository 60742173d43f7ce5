import { readFileSync } from 'node:fs'

/** Peak resident memory of a process in bytes: `VmHWM` of proc(5). Undefined where the system does not tell it. */
export function peakMemoryBytes(pid: number): number | undefined {
  let status: string
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    // No /proc on this system: the report says so.
    return undefined
  }
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(status)
  return found === null ? undefined : Number(found[1]) * 1024
}
