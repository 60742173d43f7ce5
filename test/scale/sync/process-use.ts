import { readdirSync, readFileSync } from 'node:fs'

/** Processor time that a process took so far, all its threads together, in milliseconds (Linux: schedstat of each). */
export function processorMs(pid: number): number {
  let nanoseconds = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [ran = ''] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
    nanoseconds += Number(ran)
  }
  return nanoseconds / 1e6
}
