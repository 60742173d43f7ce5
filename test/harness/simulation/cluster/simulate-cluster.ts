import type { CollectionOptions } from '@torc/node-agent/collection/collection'
import type { Safeguard } from '@torc/protocol/environment/safeguards'
import { type BlockCensus, censusProblems } from '../../replicas/block-census.js'
import { type RemainderCensus, remainderProblems } from '../../replicas/remainder-census.js'
import { Scheduler } from '../scheduler.js'
import { SeededRandom } from '../seeded-random.js'
import type { DiskDelay } from '../simulated-disk.js'
import { SimulatedProcess } from '../simulated-process.js'
import { Calm } from './calm.js'
import { type CheckOptions, checkAll, compareMeanwhile, purgeAll } from './check-all.js'
import { Contest, readContested } from './contest.js'
import { type FaultKind, faultKinds, makeFaults } from './faults.js'
import { History, Violation } from './history.js'
import { changeAtLast, changeLayouts, type LayoutChangeOptions, untilSettled } from './layout-changes.js'
import { type Load, loads } from './load.js'
import { planRetention } from './retention-plan.js'
import { SimulatedCluster } from './simulated-cluster.js'
import { type WorkResult, work } from './workload.js'

export interface SimulationOptions {
  readonly seed: string | number
  /** Storage agents; 3 when absent. */
  readonly agents?: number
  /** The layout changes all the time: three more agents are there to be taken in. */
  readonly layouts?: boolean
  /** Coordinators; 2 when absent. */
  readonly servers?: number
  /** Those of them that faults concern, by name; all when absent. */
  readonly faultyServers?: readonly string[]
  /** Owners of each key; as many as agents, at most 3, when absent. */
  readonly replicas?: number
  /** Of the bucket; a majority when absent. One that does not overlap with the write quorum breaks promises. */
  readonly readQuorum?: number
  /** Agents stand in for owners that are down; only owners count when absent. It takes more agents than replicas. */
  readonly sloppy?: boolean
  /** Clients at work at the same time; 2 when absent. */
  readonly clients?: number
  /** Calls of each client; 40 when absent. */
  readonly operations?: number
  /** Faults to draw from; all kinds when absent. */
  readonly faults?: readonly FaultKind[]
  /** Faults that may overlap; 2 when absent. */
  readonly faultsAtOnce?: number
  /** Agents compare their replicas all the time, and must find nothing: only for runs whose faults lose no message. */
  readonly comparing?: boolean
  /** What clients do; `mixed` when absent. */
  readonly load?: keyof typeof loads
  /** How long operations on files take; an ordinary disk when absent. */
  readonly diskDelay?: DiskDelay
  /** Wall clocks are off by up to this; 20 ms when absent. */
  readonly clockSkewMsMax?: number
  /** A rule that all nodes do without: then some seed must fail. */
  readonly without?: Safeguard | undefined
}

export interface SimulationResult {
  /** Equal for equal seeds and options, and for nothing else. */
  readonly traceHash: string
  readonly events: number
  readonly virtualMs: number
  readonly acknowledged: number
  readonly indeterminate: number
  readonly reads: number
  /** Conditional writes that took place. */
  readonly contested: number
  /** Partitions of which what was left of removed keys was collected. */
  readonly collectedPartitions: number
  /** Reads whose latest head was a write that had failed, older than one that was acknowledged. */
  readonly lateHeads: number
  /** Reads that showed an overwritten write again by another dot of it. */
  readonly twins: number
  /** Attempts of writes that were minted after the write was acknowledged through another attempt. */
  readonly lateTwins: number
  /** Failed calls by code. */
  readonly failures: ReadonlyMap<string, number>
  readonly faults: readonly string[]
  /** The agent whose disk was replaced by an old copy, if that came about. */
  readonly restored: string | undefined
}

/** A broken rule, or a run that did not end; names the seed that brings it back. */
export class SimulationFailure extends Error {
  override readonly name = 'SimulationFailure'
  readonly seed: string | number
  /** The last events. */
  readonly trace: readonly string[]

  constructor(seed: string | number, cause: unknown, trace: readonly string[], faults: readonly string[]) {
    const why = cause instanceof Error ? cause.message : String(cause)
    super(`seed ${JSON.stringify(seed)}: ${why}\nfaults:\n  ${faults.join('\n  ')}`, { cause })
    this.seed = seed
    this.trace = trace
  }
}

const bucket = 'simulated'
const sparesOfChanges = 3

/**
 * Runs a cluster of the production code on virtual time: clients put and get while faults come and go, then all is
 * mended and every object must be what the history of acknowledged writes says. Fails with SimulationFailure.
 */
export async function simulateCluster(options: SimulationOptions): Promise<SimulationResult> {
  const scheduler = new Scheduler()
  const faults: string[] = []
  try {
    return await run(options, scheduler, faults)
  } catch (error) {
    throw new SimulationFailure(options.seed, error, scheduler.trace.tail(), faults)
  }
}

async function run(
  options: SimulationOptions,
  scheduler: Scheduler,
  faults: string[],
): Promise<SimulationResult> {
  const {
    agents = 3,
    replicas = Math.min(3, agents),
    clients = 2,
    operations = 40,
    faultsAtOnce = 2,
  } = options
  const load: Load = loads[options.load ?? 'mixed']
  const random = new SeededRandom(options.seed)
  const plan = planRetention(random.fork('retention'))
  const sloppy = options.sloppy ?? false
  const history = new History(plan.keeps, sloppy, options.servers === 1)
  const contest = new Contest()
  const planned = planCollection(random.fork('collection'))
  // A release goes to who owns the blocks as its sender knows; whoever took them over meanwhile finds out by itself.
  const collection = options.layouts === true ? { ...planned, auditEveryMs: 100 } : planned
  const cluster = new SimulatedCluster({
    scheduler,
    random: random.fork('cluster'),
    agents,
    spares: options.layouts === true ? sparesOfChanges : 0,
    ...{ servers: options.servers ?? 2, replicas },
    clockSkewMsMax: options.clockSkewMsMax ?? 20,
    collection,
    ...{ diskDelay: options.diskDelay, without: options.without },
  })
  const harness = new SimulatedProcess({ name: 'harness', scheduler, random: random.fork('harness') })
  await scheduler.drive(cluster.start())
  const names = Array.from({ length: clients }, (_, index) => `client-${index + 1}`)
  const connected = await scheduler.drive(Promise.all(names.map(name => cluster.connectClient(name))))
  const admin = await scheduler.drive(cluster.connectClient('operator'))
  const [first] = connected
  if (first === undefined) throw new Error('a simulation needs a client')
  await scheduler.drive(
    first.store.createBucket(bucket, {
      ...{ replicas, readQuorum: options.readQuorum, policy: plan.bucket, strict: !sloppy },
      compression: load.compressed === true ? 'brotli' : undefined,
    }),
  )

  // Long enough for gossip to take a node for down, in some runs: stand-ins are for such times.
  const lastsMsMax = sloppy && random.fork('lengths').chance(0.5) ? 15_000 : undefined
  let working = true
  const calm = new Calm()
  const pause = (ms: number) => harness.pause(ms, 'waits')
  const makesFaults = (index: number) =>
    makeFaults(
      {
        cluster,
        kinds: options.faults ?? faultKinds,
        servers: options.faultyServers,
        lastsMsMax,
        random: random.fork(`faults ${index}`),
        pause,
        onFault: what => {
          faults.push(`${scheduler.nowMs.toFixed(3)} ${what}`)
          scheduler.record(`fault ${what}`)
          return calm.disturb()
        },
      },
      () => !working,
    )
  const faulty = Promise.all(Array.from({ length: faultsAtOnce }, (_, index) => makesFaults(index)))
  const layoutOptions: LayoutChangeOptions = {
    ...{ cluster, store: admin.store, random: random.fork('layouts'), replicas, pause },
    onChange: what => {
      faults.push(`${scheduler.nowMs.toFixed(3)} ${what}`)
      scheduler.record(`layout ${what}`)
    },
  }
  const changed = options.layouts === true ? changeLayouts(layoutOptions, () => !working) : undefined
  const compared = options.comparing === true ? compareMeanwhile(admin, () => !working) : undefined
  const worked = Promise.all(
    connected.map(({ store, process }) =>
      work({
        name: process.name,
        store,
        bucket,
        process,
        operations,
        history,
        policyOf: plan.policyOf,
        calm,
        load,
        contest,
      }),
    ),
  ).finally(() => {
    working = false
  })
  const [results, , owed] = await scheduler.drive(Promise.all([worked, faulty, changed, compared]))

  await scheduler.drive(cluster.mend())
  if (options.layouts === true) {
    if (owed !== undefined) await scheduler.drive(changeAtLast(layoutOptions, owed))
    await scheduler.drive(untilSettled(admin.store, pause, () => scheduler.nowMs))
  }
  const probe = cluster.probe()
  const { policyOf, versionsMax } = plan
  // One agent that takes no part is an owner of some keys: of those a read can ask all but that one.
  const converges = cluster.restored === undefined
  const answering = converges ? replicas : replicas - 1
  const replicasOf = (key: string) => probe.replicas(bucket, key)
  const checked: CheckOptions = {
    ...first,
    bucket,
    history,
    policyOf,
    versionsMax,
    replicas: answering,
    converges,
    // An agent that lost its disk is another one, and the one that it was never comes back.
    becomesLevel: converges && !(options.faults ?? faultKinds).some(kind => kind === 'lose disk'),
    replicasOf,
  }
  const { lateTwins } = await scheduler.drive(checkAll(checked))
  for (const key of contest.keys)
    await scheduler.drive(readContested({ store: first.store, bucket, contest }, key))
  contest.check()
  const purges = random.fork('purges')
  const removed = [...history.keys, ...contest.keys].filter(() => purges.chance(0.5))
  await scheduler.drive(purgeAll(checked, removed))
  await scheduler.drive(probe.close())
  await scheduler.drive(Promise.all([...connected, admin].map(({ store }) => store.close())))
  // Leases of uploads that failed are audited at last, and again; then their blocks have their grace time.
  const { uploadMs, graceMs, remainderMs } = collection
  const agesMs = remainderMs < hourMs ? remainderAges * remainderMs : 0
  await scheduler.drive(harness.pause(3 * (uploadMs + graceMs) + agesMs + calmMs, 'waits'))
  await scheduler.drive(cluster.stop())
  // Audits of keys of which an owner takes no part are not decided: what is not needed stays.
  const census = await cluster.census()
  if (cluster.restored === undefined)
    checkCensus(
      census.map(({ blocks }) => blocks),
      replicas,
    )
  const remainders = census.map(agent => agent.remainders)
  if (checked.becomesLevel && remainderMs < hourMs) checkRemainders(remainders)
  return {
    ...summary(scheduler, history, results, faults),
    collectedPartitions: Math.max(...remainders.map(({ partitions }) => partitions)),
    contested: contest.count('done'),
    lateTwins,
    restored: cluster.restored,
  }
}

const hourMs = 3_600_000
/** Each owner waits for an age more than the one before it, and for a part of one after each attempt in vain. */
const remainderAges = 8

/** For what is under way, and for workers that look again after a while. */
const calmMs = 30_000

/** Times that are short beside faults: uploads are overtaken by audits and have to begin their claims again. */
function planCollection(random: SeededRandom): Required<{ [K in keyof CollectionOptions]: number }> {
  return {
    graceMs: random.pick([1, 50, 1000]),
    uploadMs: random.pick([20, 200, 2000]),
    // As good as never: what a release is for must not be left to the audits that come by themselves.
    auditEveryMs: random.pick([100, 3_600_000, 3_600_000]),
    // A key is purged only once all earlier writes of it have an answer, so that none of them is sent again after that.
    remainderMs: random.pick([20, 300, 2000, hourMs]),
  }
}

function checkCensus(agents: readonly BlockCensus[], replicas: number): void {
  const [problem, ...more] = censusProblems(agents, Math.floor(replicas / 2) + 1)
  if (problem !== undefined) throw new Violation(`${problem}, and ${more.length} more:\n${more.join('\n')}`)
}

function checkRemainders(agents: readonly RemainderCensus[]): void {
  const [problem, ...more] = remainderProblems(agents)
  if (problem !== undefined) throw new Violation(`${problem}, and ${more.length} more:\n${more.join('\n')}`)
}

function summary(
  scheduler: Scheduler,
  history: History,
  results: readonly WorkResult[],
  faults: readonly string[],
): Omit<SimulationResult, 'collectedPartitions' | 'contested' | 'lateTwins' | 'restored'> {
  const failures = new Map<string, number>()
  for (const result of results) {
    for (const [code, count] of result.failures) failures.set(code, (failures.get(code) ?? 0) + count)
  }
  return {
    traceHash: scheduler.trace.digest(),
    events: scheduler.happened,
    virtualMs: scheduler.nowMs,
    acknowledged: history.count('acknowledged'),
    indeterminate: history.count('indeterminate'),
    reads: results.reduce((sum, { reads }) => sum + reads, 0),
    lateHeads: history.lateHeads,
    twins: history.twins,
    failures,
    faults,
  }
}
