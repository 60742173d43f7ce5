import {
  copy,
  expectedFailure,
  get,
  list,
  mark,
  purge,
  put,
  removeVersion,
  type Task,
  type Token,
  tag,
} from './calls.js'
import { type Contest, contend } from './contest.js'
import { type Load, pick } from './load.js'
import type { Records } from './records.js'
import type { Schedule } from './schedule.js'
import { upload } from './upload-calls.js'

const keysPerClient = 4
const readBackProbability = 0.5
const readsOfShared = 0.4

export interface ClientWork extends Omit<Task, 'key' | 'random' | 'tokens'> {
  readonly operations: number
  /** Mean time between the beginnings of two calls; one that is late begins at once. */
  readonly gapMs: number
  readonly schedule: Schedule
  readonly contest: Contest
  readonly records: Records
}

export interface WorkResult {
  readonly reads: number
  /** Failures by code. */
  readonly failures: ReadonlyMap<string, number>
}

type WorkTask = Task & ClientWork

/** Writes and reads one after the other, checking each read against the history. */
export async function work(options: ClientWork): Promise<WorkResult> {
  const { name, process, operations, load, gapMs, schedule } = options
  const { clock } = process.environment
  const failures = new Map<string, number>()
  const keys = Array.from({ length: keysPerClient }, (_, index) => `${name}/object-${index}`)
  const tokens = new Map<string, Token[]>(keys.map(key => [key, []]))
  let reads = 0
  let dueMs = clock.monotonicMs()
  for (let operation = 1; operation <= operations; operation++) {
    const random = process.random.fork(`call ${operation}`)
    dueMs += random.fraction() * 2 * gapMs
    await process.pause(dueMs - clock.monotonicMs(), 'waits for its turn')
    if (!schedule.takes(`${name} ${operation}`)) continue
    const key = random.pick(keys)
    const task: WorkTask = { ...options, key, random, tokens: tokens.get(key) ?? [] }
    const call = pick(calls(load), random) ?? get
    const outcomes = [await call(task)]
    // Whoever reads just after a write finds out whether it was acknowledged too early.
    if (!sharing.includes(call) && call !== get && random.chance(readBackProbability))
      outcomes.push(await get(task))
    for (const outcome of outcomes) {
      if (outcome === undefined) reads++
      else if (outcome !== 'acknowledged') failures.set(outcome, (failures.get(outcome) ?? 0) + 1)
    }
  }
  return { reads, failures }
}

/** Undefined for a read, `acknowledged`, or the code of a failure. */
type Call = (task: WorkTask) => Promise<string | undefined>

function calls({ percent }: Load): readonly (readonly [Call, number])[] {
  return [
    [put, percent.put],
    [mark, percent.mark],
    [purge, percent.purge],
    [removeVersion, percent.removeVersion],
    [copy, percent.copy],
    [tag, percent.tag],
    [get, percent.get],
    [upload, percent.upload],
    [list, percent.list],
    [contend, percent.contend ?? 0],
    [useSet, percent.set ?? 0],
    [useRegister, percent.register ?? 0],
  ]
}

/** Calls of keys that others use as well. */
const sharing: readonly Call[] = [contend, useSet, useRegister]

async function useSet(task: WorkTask): Promise<string | undefined> {
  const { records, random, load } = task
  return random.chance(load.reads ?? readsOfShared)
    ? await reading(() => records.readSet(task))
    : await records.changeSet(task)
}

async function useRegister(task: WorkTask): Promise<string | undefined> {
  const { records, random, name, strict, load } = task
  if (!random.chance(load.reads ?? readsOfShared)) return await records.writeRegister(task)
  const any = random.pick(records.registers.length === 0 ? [name] : records.registers)
  return await reading(() => records.readRegister(task, any, strict))
}

async function reading(read: () => Promise<undefined>): Promise<string | undefined> {
  try {
    return await read()
  } catch (error) {
    return expectedFailure(error)
  }
}
