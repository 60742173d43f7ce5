import { availableParallelism, loadavg, totalmem } from 'node:os'

/** The machine by what matters for the ratios; no names. */
export function describeMachine(): string {
  const gib = Math.round(totalmem() / 1024 ** 3)
  return `${availableParallelism()} cores, ${gib} GiB of memory, ${process.platform} ${process.arch}, Node ${process.versions.node}`
}

/** Above it the numbers say more about what else ran. */
const quietLoadMax = 0.5

/** A warning when the machine had other work in the last minute; undefined on a quiet one. */
export function describeLoad(load = loadavg()[0] ?? 0): string | undefined {
  if (load <= quietLoadMax) return undefined
  return `The machine was busy with other work: its load average was ${load.toFixed(1)} before the run. Do not quote these numbers.`
}
