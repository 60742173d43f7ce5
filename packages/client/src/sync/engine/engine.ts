import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import { inParallel } from '../../transfer/parallel.js'
import type { Journal } from '../journal/journal.js'
import { ignoreFileName } from '../local/ignore-rules.js'
import { pathOf } from '../local/paths.js'
import { planNames } from '../plan/plan.js'
import { tooManyDeletes } from '../plan/safety.js'
import type { Plan, Problem, Step } from '../plan/step.js'
import type { LocalFolder } from '../ports/local-folder.js'
import type { RemoteFolder } from '../ports/remote-folder.js'
import { isFolderName } from '../trees/entry.js'
import { adoptArrivals } from './arrivals.js'
import { ConflictResolver } from './conflict-resolver.js'
import { LocalCollector, type LocalNews } from './local-collector.js'
import { adoptIntents } from './own-uploads.js'
import { RemoteCollector } from './remote-collector.js'
import { type SyncObserver, type SyncReport, Tally } from './report.js'
import { StepRunner } from './step-runner.js'
import { SyncState } from './sync-state.js'

/** Passes of one run; what is not level after them has changed all the while and waits for the next run. */
const passesMax = 10
/** Passes in a row in which nothing could be done: something is in the way that the next run may find gone. */
const idlePassesMax = 2
/** Steps under way at once. */
const stepsAtOnce = 32

export interface EngineOptions {
  readonly random: Random
  /** What the prefix leaves of a key's length. */
  readonly nameBytesMax?: number | undefined
  /** Deletes however many there are. */
  readonly yesDelete?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly observer?: SyncObserver | undefined
}

/** What to scan: the whole folder, or what lies at these paths. */
export type ScanWanted = 'all' | readonly string[]

/**
 * Keeps a folder and a prefix of the store the same: collects what changed on both sides, plans, carries the plan out, and again
 * until nothing is left to do. It decides nothing itself: the planner does (`plan/`), on what the journal says both sides
 * were when they were last equal.
 */
export class SyncEngine {
  readonly #local: LocalFolder
  readonly #state: SyncState
  readonly #locals: LocalCollector
  readonly #remotes: RemoteCollector
  readonly #runner: StepRunner
  readonly #options: EngineOptions
  /** Names that the next plan is about. */
  #dirty = new Set<string>()
  /** Paths to scan before the next plan. */
  #marks = new Set<string>()
  /** Names that the planner refused: they are planned each time, until what is in their way is gone. */
  #refused: readonly Problem[] = []
  /** Names that the folder refused. */
  #unreadable: readonly Problem[] = []
  #conflicts: { name: string; conflictName: string }[] = []
  #begun = false
  /** Since the last scan of all. */
  #deleted = { local: 0, remote: 0, of: 0 }

  constructor(local: LocalFolder, remote: RemoteFolder, journal: Journal, options: EngineOptions) {
    const { signal, observer = {}, random, nameBytesMax } = options
    this.#options = options
    this.#local = local
    const state = new SyncState(journal, { ignored: name => local.ignores(name), nameBytesMax })
    this.#state = state
    this.#locals = new LocalCollector(local, state, signal, found => observer.onFound?.(found))
    this.#remotes = new RemoteCollector(remote, state, signal, observer)
    const resolver = new ConflictResolver(remote, state, random, signal, (name, conflictName) => {
      this.#conflicts.push({ name, conflictName })
      observer.onConflict?.(name, conflictName)
    })
    const onBytes = (bytes: number) => observer.onBytes?.(bytes)
    this.#runner = new StepRunner({ local, remote, state, resolver, random, signal, onBytes })
  }

  /** Where the folder is in the feed of changes. */
  get cursor(): string | undefined {
    return this.#state.cursor
  }

  /**
   * Brings both sides level, as far as they are at rest. SYNC_ROOT_GONE where the folder is not the one that it was;
   * SYNC_NEEDS_DECISION where so much would be deleted that somebody should be asked. Failures of single steps are told
   * in the report; those of a whole side (unreachable, say) are thrown.
   */
  async run(scan: ScanWanted): Promise<SyncReport> {
    const tally = new Tally()
    this.#conflicts = []
    let left: readonly Problem[] = []
    let idle = 0
    for (let pass = 0; pass < passesMax && idle < idlePassesMax; pass++) {
      await this.#collect(pass === 0 ? scan : [])
      const { steps } = this.#plan()
      left = []
      if (steps.length === 0) break
      const outcome = await this.#carryOut(steps, tally)
      left = outcome.left
      idle = outcome.done > 0 ? 0 : idle + 1
    }
    const problems = [...this.#unreadable, ...this.#refused]
    const files = this.#state.world.syncedFiles
    return { ...counts(tally), files, conflicts: this.#conflicts, problems, left }
  }

  /** What `run` would do first; nothing is changed but the journal's knowledge of the store. */
  async preview(): Promise<Plan> {
    await this.#collect('all')
    return this.#plan()
  }

  async #collect(scan: ScanWanted): Promise<void> {
    await this.#local.checkRoot()
    if (scan !== 'all') for (const path of scan) this.#marks.add(path)
    // The first scan is of all, whatever is asked for: nothing is known of this machine before.
    if (scan === 'all' || !this.#begun || this.#marks.has('')) return this.#collectAll()
    const paths = [...this.#marks]
    if (paths.length > 0) {
      const news = await this.#locals.scanAt(paths)
      for (const path of paths) this.#marks.delete(path)
      this.#noteLocal(news)
    }
    await this.#collectRemote()
  }

  async #collectAll(): Promise<void> {
    const news = await this.#locals.scanAll()
    this.#deleted = { local: 0, remote: 0, of: this.#state.world.syncedFiles }
    this.#marks.clear()
    this.#noteLocal(news)
    await this.#collectRemote()
    if (!this.#begun) this.#allIsDirty()
    this.#begun = true
  }

  async #collectRemote(): Promise<void> {
    await this.#remotes.collect()
    adoptIntents(this.#state)
    adoptArrivals(this.#state)
  }

  #allIsDirty(): void {
    const { local, remote, synced } = this.#state.world
    for (const tree of [local, remote, synced]) for (const name of tree.names()) this.#dirty.add(name)
  }

  #noteLocal({ refused, again }: LocalNews): void {
    for (const path of again) this.#marks.add(path)
    this.#unreadable = refused.map(({ name, reason, hint }) => ({
      ...{ name, message: reason },
      hint: hint ?? `Rename it, or name it in ${ignoreFileName}.`,
    }))
  }

  #plan(): Plan {
    const { world } = this.#state
    for (const name of this.#state.takeTouched()) this.#dirty.add(name)
    // Other rules: what they named, or name now, has to be thought over.
    if (this.#dirty.has(ignoreFileName)) {
      world.judgeAgain()
      this.#allIsDirty()
    }
    const plan = planNames(this.#dirty, world, this.#options)
    this.#refused = plan.problems
    const kept = new Set([...[...plan.steps, ...plan.problems].map(({ name }) => name), ...plan.waiting])
    // What needs nothing is level, and comes back when it changes; what can't be seen now may need something then.
    for (const name of [...this.#dirty]) if (!kept.has(name) && !world.unseen(name)) this.#dirty.delete(name)
    for (const name of kept) this.#dirty.add(name)
    this.#deleted.of = Math.max(this.#deleted.of, world.syncedFiles)
    const tooMany = this.#options.yesDelete ? undefined : tooManyDeletes(plan, world, this.#deleted)
    if (tooMany !== undefined) throw tooManyError(tooMany)
    return plan
  }

  async #carryOut(steps: readonly Step[], tally: Tally): Promise<{ done: number; left: Problem[] }> {
    const { observer, signal } = this.#options
    observer?.onPlan?.(steps)
    const left: Problem[] = []
    let done = 0
    for (const group of groupsOf(steps)) {
      await inParallel(group, stepsAtOnce, async step => {
        signal?.throwIfAborted()
        try {
          if ((await this.#runner.run(step)) === 'changed') {
            this.#marks.add(pathOf(step.name))
            return
          }
          done++
          tally.count(step)
          if (step.does === 'removeLocal' && !isFolderName(step.name)) this.#deleted.local++
          if (step.does === 'removeRemote' && !isFolderName(step.name)) this.#deleted.remote++
          observer?.onStep?.(step)
        } catch (thrown) {
          const error = TorcError.from(thrown)
          if (signal?.aborted || stopsAll.has(error.code)) throw error
          left.push({ name: step.name, message: error.message, hint: error.hint })
        }
      })
    }
    return { done, left }
  }
}

/** A side is gone: the other steps would fail as well. */
const stopsAll: ReadonlySet<string> = new Set([
  'UNREACHABLE',
  'SYNC_ROOT_GONE',
  'DENIED',
  'BUCKET_NOT_FOUND',
  'CANCELLED',
])

/** Steps that may be under way together: those of one kind, in the order of the plan. */
function groupsOf(steps: readonly Step[]): Step[][] {
  const groups: Step[][] = []
  for (const step of steps) {
    const last = groups.at(-1)
    if (last !== undefined && last[0] !== undefined && together(last[0]) === together(step)) last.push(step)
    else groups.push([step])
  }
  return groups
}

function together({ does, name }: Step): string {
  const depth = isFolderName(name) ? name.split('/').length : 0
  if (does === 'removeLocal' || does === 'removeRemote') return `remove ${depth}`
  if (does === 'resolve' || does === 'giveWay' || does === 'forget') return does
  return `bring ${depth}`
}

function counts({ uploaded, downloaded, removedLocally, removedRemotely, adopted }: Tally) {
  return { uploaded, downloaded, removedLocally, removedRemotely, adopted }
}

function tooManyError({ side, deletes, of }: NonNullable<ReturnType<typeof tooManyDeletes>>): TorcError {
  const where = side === 'local' ? 'here' : 'in the store'
  return new TorcError('SYNC_NEEDS_DECISION', `${deletes} of ${of} synced files would be deleted ${where}`)
}
