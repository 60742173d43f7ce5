import { setTimeout as sleep } from 'node:timers/promises'
import { beforeNextLook } from '../harness/patience.js'
import { SeededRandom } from '../harness/simulation/seeded-random.js'
import { ChaosCluster, type NetworkKind, serverNames } from './cluster/chaos-cluster.js'
import type { Fault } from './faults/fault.js'
import { FaultMaker } from './faults/fault-maker.js'
import { faultsNamed, type PlannedFault, planFault, planRounds } from './faults/plan.js'
import { readEverything } from './judge/final-reads.js'
import { type Judgement, judge } from './judge/judge.js'
import { untilLevel } from './judge/level.js'
import { type FaultRecord, timelineOf } from './judge/timeline.js'
import { buckets } from './load/activity.js'
import { History, type RecordedCall } from './load/history.js'
import { Load } from './load/load.js'

export interface ChaosOptions {
  readonly seed: string
  /** Faults at random, up to two at once, for so long; or each alone, one after the other, for `eachMs`. */
  readonly how: { readonly lastsMs: number } | { readonly eachMs: number }
  /** What links between nodes are; `namespaces` only inside of `runInside`. `proxies` when absent. */
  readonly network?: NetworkKind
  /** Names of faults to make, parts of them suffice; all when empty. */
  readonly only?: readonly string[]
  /** Where the history is kept; nowhere when absent. */
  readonly historyFile?: string | undefined
  readonly onPhase?: (report: PhaseReport) => void
  /** What can't be done here, and why. */
  readonly onNote?: (text: string) => void
  /** Gives the run up; all is cleaned up. */
  readonly signal?: AbortSignal
}

/** What happened in one round of faults, or (`recoveryMs`) until the cluster was level again. */
export interface PhaseReport {
  readonly name: string
  readonly calls: number
  /** Of those, without a definite answer, and in words. */
  readonly unknown: number
  readonly failures: readonly string[]
  /** From the end of the faults until all was level; undefined where more faults follow at once. */
  readonly recoveryMs: number | undefined
}

export interface ChaosResult {
  readonly seed: string
  readonly phases: readonly PhaseReport[]
  /** How often each fault was made. */
  readonly faults: Readonly<Record<string, number>>
  readonly calls: { readonly ok: number; readonly failed: number; readonly unknown: number }
  readonly checked: Judgement['counts'] | undefined
  /** Most memory of each process since its last start: a while after the begin, and at the end, in bytes. */
  readonly memory: Readonly<Record<string, { readonly early?: number; readonly late: number }>>
  /** Lines of log of the process that wrote most, since its last start. */
  readonly logLinesMax: number
  /** Broken promises, each with what led to it; none is right. */
  readonly problems: readonly string[]
}

const clientCount = 6
/** Long enough for a client to go on elsewhere when a server stands still. */
const timeoutMs = 30_000
/** How long clients may make no progress while they should. */
const progressMsMax = 60_000
/** Calls before a phase begins, and after its faults, while what came back is caught up with. */
const callsBefore = 60
const callsAfter = 200
/** Keys whose story is told. */
const timelinesMax = 5

/** Real processes under constant load, while faults come and go; then what must hold is checked. */
export function chaos(options: ChaosOptions): Promise<ChaosResult> {
  return new ChaosRun(options).run()
}

class ChaosRun {
  readonly #options: ChaosOptions
  readonly #random: SeededRandom
  readonly #history: History
  readonly #faults: FaultRecord[] = []
  readonly #phases: PhaseReport[] = []
  readonly #problems = new Set<string>()
  readonly #findings = new Set<string>()
  /** Keys whose story was told. */
  readonly #told = new Set<string>()
  #judgement: Judgement | undefined
  #early: ReadonlyMap<string, number> = new Map()
  #late: ReadonlyMap<string, number> = new Map()
  #logLinesMax = 0

  constructor(options: ChaosOptions) {
    this.#options = options
    this.#random = new SeededRandom(options.seed)
    this.#history = new History(options.historyFile)
  }

  async run(): Promise<ChaosResult> {
    const cluster = await ChaosCluster.start(this.#options.network ?? 'proxies')
    try {
      await this.#withLoad(cluster)
    } finally {
      const stuck = await cluster.stop()
      for (const name of stuck) this.#problems.add(`${name} did not end when it was asked to`)
      await this.#history.close()
    }
    return this.#result()
  }

  async #withLoad(cluster: ChaosCluster): Promise<void> {
    const admin = await cluster.connect(serverNames, timeoutMs)
    await admin.createBucket(buckets.loose)
    await admin.createBucket(buckets.strict, { strict: true })
    const stores = await Promise.all(
      Array.from({ length: clientCount }, () => cluster.connect(serverNames, timeoutMs)),
    )
    const load = new Load({ stores, history: this.#history, random: this.#random.fork('load') })
    const { signal } = this.#options
    const maker = new FaultMaker({ cluster, admin, history: this.#history, records: this.#faults, signal })
    const { how } = this.#options
    if ('eachMs' in how) await this.#eachAlone({ cluster, admin, load, maker }, how.eachMs)
    else await this.#atRandom({ cluster, admin, load, maker }, how.lastsMs)
  }

  async #eachAlone(parts: RunParts, lastsMs: number): Promise<void> {
    const random = this.#random.fork('faults')
    for (const fault of this.#kinds(parts.cluster)) {
      const planned = planFault(fault, [], 0, random)?.planned
      if (planned === undefined) throw new Error(`${fault.name} has no victims though all nodes are free`)
      const from = this.#history.calls.length
      await this.#underLoad(parts, () => parts.maker.make([{ ...planned, lastsMs }], random))
      const failed = this.#history.calls.slice(from).filter(isPlainFailure)
      const writes = failed.filter(({ kind }) => kind !== 'get')
      const reads = failed.filter(({ kind }) => kind === 'get')
      if (fault.goesOn !== 'nothing' && writes.length > 0) this.#stopped(fault.name, 'writes', writes)
      if (fault.goesOn === 'writes and reads' && reads.length > 0) this.#stopped(fault.name, 'reads', reads)
      const recoveryMs = await this.#level(parts)
      this.#report(nameOf([planned]), from, recoveryMs)
    }
  }

  async #atRandom(parts: RunParts, lastsMs: number): Promise<void> {
    const random = this.#random.fork('faults')
    const rounds = planRounds(this.#kinds(parts.cluster), random)
    const endMs = performance.now() + lastsMs
    const from = this.#history.calls.length
    await this.#underLoad(parts, async () => {
      for (const { restMs, faults } of rounds) {
        if (performance.now() > endMs) return
        await sleep(restMs, undefined, { signal: this.#options.signal })
        const begin = this.#history.calls.length
        await parts.maker.make(faults, random)
        this.#report(nameOf(faults), begin, undefined)
      }
    })
    const recoveryMs = await this.#level(parts)
    this.#report('all of it', from, recoveryMs)
  }

  /** Faults that can be made here; the others are told of. */
  #kinds({ smallDisk }: ChaosCluster): readonly Fault[] {
    const { only = [], network = 'proxies', onNote = () => undefined } = this.#options
    return faultsNamed(only).filter(fault => {
      const reason =
        fault.smallDisk === true && typeof smallDisk === 'string'
          ? `no small disk can be made here: ${smallDisk}`
          : fault.proxies === true && network !== 'proxies'
            ? 'it needs proxies'
            : undefined
      if (reason !== undefined) onNote(`"${fault.name}" is left out: ${reason}`)
      return reason === undefined
    })
  }

  async #underLoad({ cluster, load }: RunParts, work: () => Promise<void>): Promise<void> {
    load.start()
    try {
      await this.#untilMore(callsBefore)
      if (this.#early.size === 0) this.#early = cluster.peakMemory()
      this.#history.storm()
      await work()
      // Under load for a while longer: what comes back is caught up with while writes go on.
      await this.#untilMore(callsAfter)
    } finally {
      await load.stop()
    }
  }

  async #untilMore(count: number): Promise<void> {
    const from = this.#history.calls.filter(({ result }) => result === 'ok').length
    const endMs = performance.now() + progressMsMax
    for (;;) {
      const now = this.#history.calls.filter(({ result }) => result === 'ok').length
      if (now >= from + count) return
      if (performance.now() > endMs) {
        this.#problems.add(`${now - from} calls succeeded in ${progressMsMax} ms though all is mended`)
        return
      }
      this.#options.signal?.throwIfAborted()
      await beforeNextLook()
    }
  }

  /** Until all is level again, and judged; how long the first took. */
  async #level(parts: RunParts): Promise<number> {
    const { cluster, admin } = parts
    const history = this.#history
    const beganMs = performance.now()
    const random = this.#random.fork(`level ${this.#phases.length}`)
    const onHintsGone = async (): Promise<void> => {
      const store = await cluster.connect(serverNames.slice(0, 1), timeoutMs)
      await readEverything({ store, history, process: 'check-1', bodies: false })
      await store.close()
    }
    const levelled = await untilLevel({ cluster, admin, calls: history.calls, random, onHintsGone })
    const recoveryMs = performance.now() - beganMs
    for (const problem of levelled) this.#problems.add(problem)
    const store = await cluster.connect(serverNames.slice(1), timeoutMs)
    const unreadable = await readEverything({ store, history, process: 'check-2', bodies: true })
    await store.close()
    for (const problem of unreadable) this.#problems.add(problem)
    if (levelled.length === 0) history.calm = true
    this.#late = cluster.peakMemory()
    this.#logLinesMax = Math.max(...cluster.logLines().values())
    this.#judge()
    return recoveryMs
  }

  #judge(): void {
    const { calls, badFailures } = this.#history
    this.#judgement = judge(calls)
    for (const { process, kind, key, error } of badFailures.splice(0))
      this.#problems.add(`no fault explains the failure of ${process} ${kind} ${key}: ${error}`)
    for (const finding of this.#judgement.findings) {
      const { checker, key, what } = finding
      const told = `${checker}: ${key}: ${what}`
      if (this.#findings.has(told)) continue
      this.#findings.add(told)
      // Many of one cause say no more than a few, each of another key.
      const tells = this.#told.size < timelinesMax && !this.#told.has(key)
      this.#told.add(key)
      const timeline = tells ? timelineOf(finding, calls, this.#faults) : []
      this.#problems.add([told, ...timeline].join('\n'))
    }
  }

  #stopped(fault: string, what: string, failed: readonly RecordedCall[]): void {
    const told = failed.slice(0, 3).map(({ kind, key, error, calledAt, returnedAt }) => {
      return `${kind} ${key} from ${calledAt} to ${returnedAt}: ${error}`
    })
    this.#problems.add(`${fault}: ${failed.length} ${what} failed: ${told.join('; ')}`)
  }

  #report(name: string, from: number, recoveryMs: number | undefined): void {
    const calls = this.#history.calls.slice(from)
    const unknown = calls.filter(({ result }) => result === 'unknown')
    const failures = new Map<string, number>()
    for (const { kind, error = '' } of unknown) {
      const what = `${kind} ${error.split(' ')[0]}`
      failures.set(what, (failures.get(what) ?? 0) + 1)
    }
    const report: PhaseReport = {
      ...{ name, calls: calls.length, unknown: unknown.length, recoveryMs },
      failures: [...failures].map(([what, count]) => `${count} ${what}`),
    }
    this.#phases.push(report)
    this.#options.onPhase?.(report)
  }

  #result(): ChaosResult {
    const calls = { ok: 0, failed: 0, unknown: 0 }
    for (const { result } of this.#history.calls) calls[result]++
    const faults: Record<string, number> = {}
    for (const { name } of this.#faults) faults[name] = (faults[name] ?? 0) + 1
    const memory = Object.fromEntries(
      [...this.#late].map(([name, late]) => {
        const early = this.#early.get(name)
        return [name, early === undefined ? { late } : { early, late }]
      }),
    )
    return {
      ...{ seed: this.#options.seed, phases: this.#phases, faults, calls, memory },
      ...{ checked: this.#judgement?.counts, logLinesMax: this.#logLinesMax },
      problems: [...this.#problems],
    }
  }
}

interface RunParts {
  readonly cluster: ChaosCluster
  readonly admin: Awaited<ReturnType<ChaosCluster['connect']>>
  readonly load: Load
  readonly maker: FaultMaker
}

/** Calls on registers and elements in the bucket that goes on with agents that stand in for owners. */
function isPlainFailure({ kind, bucket, key, result }: RecordedCall): boolean {
  const plain = kind === 'put' || kind === 'get' || kind === 'delete'
  return plain && result === 'unknown' && bucket === buckets.loose && !key.startsWith('body/')
}

function nameOf(faults: readonly PlannedFault[]): string {
  return faults.map(({ fault, victims }) => `${fault.name} (${victims.join(' ')})`).join(' and ')
}
