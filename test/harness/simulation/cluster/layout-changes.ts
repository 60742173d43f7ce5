import { TorcError } from '@torc/protocol/errors'
import type { Admin, LayoutInfo } from '@torc/protocol/store/admin'
import type { SeededRandom } from '../seeded-random.js'
import { Violation } from './history.js'
import type { Schedule } from './schedule.js'

/** What changes of the layout need from a cluster. */
export interface Changeable {
  /** Machines of agents that have not been started yet. */
  readonly spareNames: readonly string[]
  /** Starts one of them for the first time; false where a fault prevents it. */
  startSpare(name: string): Promise<boolean>
  /** Ends it for good, with all that is on its disk. */
  destroy(name: string): void
  /** The machine that an agent runs on. */
  nameOf(id: string): string
}

export interface LayoutChangeOptions {
  readonly cluster: Changeable
  readonly store: Admin
  readonly random: SeededRandom
  /** Copies of the bucket: so many agents stay. */
  readonly replicas: number
  readonly schedule: Schedule
  /** One agent is destroyed and replaced by another one. */
  readonly destroys: boolean
  pause(ms: number): Promise<void>
  onChange(what: string): void
}

const quietMs = { min: 100, max: 2_500 }
const retryMs = 300
/** After the last fault a change ends in this time. */
const settledMs = 300_000

type Change = Parameters<Admin['stageLayout']>[0]

/**
 * Takes agents in, drains them, replaces one that is destroyed, and changes weights, one change after the other, until
 * `stopped()`. Whatever is refused for now is tried again; a change may also be given up. Resolves with the change that
 * has to come all the same: without it one that is destroyed would be waited for.
 */
export async function changeLayouts(
  options: LayoutChangeOptions,
  stopped: () => boolean,
): Promise<Change | undefined> {
  const { pause, onChange, store } = options
  let destroyed = !options.destroys
  let owed: Change | undefined
  for (let count = 1; !stopped(); count++) {
    const random = options.random.fork(`layout ${count}`)
    await pause(random.integer(quietMs.min, quietMs.max))
    if (stopped()) break
    if (!options.schedule.takes(`layout ${count}`)) continue
    const layout = await attempt(options, stopped, () => store.layout())
    if (layout === undefined) break
    const [what, change]: readonly [string, Change | undefined] =
      owed === undefined ? await pick({ ...options, random }, layout, destroyed) : ['replace', owed]
    if (what === 'replace') [destroyed, owed] = [true, change]
    if (change === undefined) continue
    onChange(`${what}: ${JSON.stringify(change)}`)
    if ((await apply(options, stopped, change)) === undefined) continue
    onChange(`${what} applied`)
    if (change === owed) owed = undefined
  }
  return owed
}

/** Makes the change that is owed, once all that are left are there; it may have been applied without anybody knowing. */
export async function changeAtLast(options: LayoutChangeOptions, change: Change): Promise<void> {
  const gone = change.remove?.map(({ id }) => id) ?? []
  for (;;) {
    const { agents } = await options.store.layout()
    if (!agents.some(({ id }) => gone.includes(id))) return
    await apply(options, () => false, change)
    await options.pause(retryMs)
  }
}

async function apply(
  options: LayoutChangeOptions,
  stopped: () => boolean,
  change: Change,
): Promise<LayoutInfo | undefined> {
  const { store } = options
  // A change that was replaced, or made for a layout before, is none to go on with.
  await attempt(options, stopped, () => store.cancelLayout())
  if ((await attempt(options, stopped, () => store.stageLayout(change))) === undefined) return undefined
  return await attempt(options, stopped, () => store.applyLayout())
}

/** Until it is done; undefined where it is refused, or the work has ended. */
async function attempt<T>(
  { pause }: LayoutChangeOptions,
  stopped: () => boolean,
  run: () => Promise<T>,
): Promise<T | undefined> {
  while (!stopped()) {
    try {
      return await run()
    } catch (error) {
      if (!(error instanceof TorcError)) throw error
      // Too few are there just now, or another change was applied: the caller goes on with something else.
      if (!error.retryable) return undefined
    }
    await pause(retryMs)
  }
  return undefined
}

async function pick(
  { cluster, random, replicas }: LayoutChangeOptions,
  layout: LayoutInfo,
  destroyed: boolean,
): Promise<readonly [what: string, change: Change | undefined]> {
  const ids = layout.agents.map(({ id }) => id)
  const id = random.pick(ids)
  const [spare] = cluster.spareNames
  const kinds = ['weigh', ...(ids.length > replicas ? ['drain', 'drain'] : [])]
  if (spare !== undefined) kinds.push('join', 'join')
  // Two owners decide together: the loss of one is for `torc layout recover`.
  if (spare !== undefined && !destroyed && replicas !== 2) kinds.push('replace')
  const kind = random.pick(kinds)
  switch (kind) {
    case 'weigh':
      return [kind, { assign: [{ id, capacity: random.integer(1, 3) * 1024 ** 3 }] }]
    case 'drain':
      return [kind, { remove: [{ id, dead: false }] }]
    default: {
      if (spare === undefined || !(await cluster.startSpare(spare))) return ['none', undefined]
      const assign = [{ id: cluster.nameOf(spare) }]
      if (kind === 'join') return [kind, { assign }]
      cluster.destroy(id)
      return [kind, { assign, remove: [{ id, dead: true }] }]
    }
  }
}

/** Waits until the layout is settled at all agents, and nothing is left to take over or to hand over. */
export async function untilSettled(
  store: Admin,
  pause: (ms: number) => Promise<void>,
  nowMs: () => number,
): Promise<void> {
  const endMs = nowMs() + settledMs
  for (;;) {
    let state = 'no layout'
    try {
      const { stage, progress = [] } = await store.layout()
      if (stage === 3 && progress.length === 0) return
      state = JSON.stringify({ stage, progress })
    } catch (error) {
      if (!(error instanceof TorcError) || !error.retryable) throw error
      state = error.message
    }
    if (nowMs() > endMs)
      throw new Violation(`${settledMs} ms after the last fault the layout is not settled: ${state}`)
    await pause(retryMs)
  }
}
