import { availableParallelism, totalmem } from 'node:os'

/** The machine by what matters for the ratios; no names. */
export function describeMachine(): string {
  const gib = Math.round(totalmem() / 1024 ** 3)
  return `${availableParallelism()} cores, ${gib} GiB of memory, ${process.platform} ${process.arch}, Node ${process.versions.node}`
}
