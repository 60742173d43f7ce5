import { majority } from '@torc/cluster/consensus/majority'
import type { Safeguard } from '@torc/protocol/environment/safeguards'
import { censusProblems } from '../../replicas/block-census.js'
import { queueProblems } from '../../replicas/queue-census.js'
import { remainderProblems } from '../../replicas/remainder-census.js'
import { Scheduler } from '../scheduler.js'
import { SeededRandom } from '../seeded-random.js'
import { SimulatedProcess } from '../simulated-process.js'
import { Calm } from './calm.js'
import { type CheckOptions, checkAll, compareMeanwhile, definite, purgeAll } from './check-all.js'
import { hourMs, planCollection } from './collection-plan.js'
import { Contest, readContested } from './contest.js'
import { type FaultKind, faultKinds, makeFaults } from './faults.js'
import { History, Violation } from './history.js'
import { changeAtLast, changeLayouts, type LayoutChangeOptions, untilSettled } from './layout-changes.js'
import { type Load, type LoadName, loads } from './load.js'
import { Records } from './records.js'
import { planRetention, withoutVersions } from './retention-plan.js'
import { Schedule, type StepName } from './schedule.js'
import { SimulatedCluster } from './simulated-cluster.js'
import { type Recorded, SimulationFailure } from './simulation-failure.js'
import { Timeline } from './timeline.js'
import { endUploads } from './upload-calls.js'
import { Watcher } from './watcher.js'
import { type WorkResult, work } from './workload.js'

export interface SimulationOptions {
  readonly seed: string | number
  /** Storage agents; 3 when absent. */
  readonly agents?: number
  /** The layout changes all the time: three more agents are there to be taken in. */
  readonly layouts?: boolean
  /** One of the changes replaces an agent that is gone for good; so it is when absent. */
  readonly destroys?: boolean
  /** Coordinators; 2 when absent. */
  readonly servers?: number
  /** Those of them that faults concern, by name; all when absent. */
  readonly faultyServers?: readonly string[]
  /** Owners of each key; as many as agents, at most 3, when absent. */
  readonly replicas?: number
  /** Parts of the hash space; 16 when absent. Few are compared and handed over sooner, and more happens to each. */
  readonly partitions?: number
  /** Of the bucket; a majority when absent. One that does not overlap with the write quorum breaks promises. */
  readonly readQuorum?: number
  /** The bucket keeps no versions: each write is a null version, and takes the place of what it covers. */
  readonly unversioned?: boolean
  /** Agents stand in for owners that are down; only owners count when absent. It takes more agents than replicas. */
  readonly sloppy?: boolean
  /** Clients at work at the same time; 2 when absent. */
  readonly clients?: number
  /** Calls of each client; 40 when absent. */
  readonly operations?: number
  /** Calls of all clients a second, as far as they are answered in time; 13 of each client when absent. */
  readonly rate?: number
  /**
   * For a run of a minute: agents wait longer before they let go what nobody needs, faults and changes come less often.
   * As often as in a short one they would cost more than all that they strike.
   */
  readonly long?: boolean
  /** How long agents wait before they let go what is left of removed keys; drawn from some times when absent. */
  readonly remainderMs?: number
  /** Faults to draw from; all kinds when absent. */
  readonly faults?: readonly FaultKind[]
  /** Faults that may overlap; 2 when absent. */
  readonly faultsAtOnce?: number
  /** Longest that a fault lasts; some seconds when absent. */
  readonly faultsLastMs?: number
  /** Agents compare their replicas all the time, and must find nothing: only for runs whose faults lose no message. */
  readonly comparing?: boolean
  /** One more client follows the changes of the bucket. */
  readonly watched?: boolean
  /** What clients do; `mixed` when absent. */
  readonly load?: LoadName
  /** Wall clocks are off by up to this; 20 ms when absent. */
  readonly clockSkewMsMax?: number
  /** A rule that all nodes do without: then some seed must fail. */
  readonly without?: Safeguard | undefined
  /** Steps that are left out of what the seed plans. */
  readonly leaveOut?: Iterable<StepName>
}

export interface SimulationResult {
  /** Equal for equal seeds and options, and for nothing else. */
  readonly traceHash: string
  readonly events: number
  /** From the start of the cluster to its end. */
  readonly virtualMs: number
  /** Of these, while clients worked and faults came and went; and what of a processor's time that took. */
  readonly workMs: number
  readonly workCpuMs: number
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
  /** Changes that the watcher was told, and how often it had to begin anew. */
  readonly told: number
  readonly resets: number
  /** Failed calls by code. */
  readonly failures: ReadonlyMap<string, number>
  readonly faults: readonly string[]
  /** The agent whose disk was replaced by an old copy, if that came about. */
  readonly restored: string | undefined
}

const bucket = 'simulated'
const sparesOfChanges = 3

/**
 * Runs a cluster of the production code on virtual time: clients put and get while faults come and go, then all is
 * mended and every object must be what the history of acknowledged writes says. Fails with SimulationFailure.
 */
export async function simulateCluster(options: SimulationOptions): Promise<SimulationResult> {
  const scheduler = new Scheduler()
  const recorded = {
    scheduler,
    timeline: new Timeline(scheduler),
    schedule: new Schedule(options.leaveOut),
  }
  try {
    return await run(options, recorded)
  } catch (error) {
    throw new SimulationFailure(options.seed, error, recorded)
  }
}

async function run(options: SimulationOptions, recorded: Recorded): Promise<SimulationResult> {
  const { scheduler, timeline, schedule } = recorded
  const {
    agents = 3,
    replicas = Math.min(3, agents),
    clients = 2,
    operations = 40,
    rate = 13 * clients,
    long = false,
    faultsAtOnce = 2,
  } = options
  const load: Load = loads[options.load ?? 'mixed']
  const random = new SeededRandom(options.seed)
  const { unversioned = false } = options
  const drawnRetention = planRetention(random.fork('retention'))
  const plan = unversioned ? withoutVersions(drawnRetention) : drawnRetention
  const sloppy = options.sloppy ?? false
  const history = new History(plan.keeps, sloppy, options.servers === 1)
  const contest = new Contest()
  const records = new Records(() => scheduler.nowMs)
  const drawn = planCollection(random.fork('collection'), long)
  const planned = { ...drawn, remainderMs: options.remainderMs ?? drawn.remainderMs }
  // A release goes to who owns the blocks as its sender knows; whoever took them over meanwhile finds out by itself.
  const collection = options.layouts === true ? { ...planned, auditEveryMs: long ? 10_000 : 100 } : planned
  const cluster = new SimulatedCluster({
    scheduler,
    random: random.fork('cluster'),
    agents,
    spares: options.layouts === true ? sparesOfChanges : 0,
    ...{ servers: options.servers ?? 2, replicas, partitions: options.partitions ?? 16 },
    clockSkewMsMax: options.clockSkewMsMax ?? 20,
    collection,
    without: options.without,
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
      versioning: unversioned ? 'unversioned' : undefined,
    }),
  )

  const following =
    options.watched === true ? await scheduler.drive(cluster.connectClient('watcher')) : undefined
  const watcher = following && new Watcher(following, { bucket, history, mayReset: mayReset(options) })
  if (watcher !== undefined) await scheduler.drive(watcher.start())

  // Long enough for gossip to take a node for down, in some runs: stand-ins are for such times.
  const lasting = sloppy && random.fork('lengths').chance(0.5) ? 15_000 : undefined
  const lastsMsMax = options.faultsLastMs ?? lasting
  let working = true
  const calm = new Calm()
  const pause = (ms: number) => harness.pause(ms, 'waits')
  const makesFaults = (track: number) =>
    makeFaults(
      {
        ...{ cluster, schedule, track, pause, lastsMsMax, long },
        kinds: options.faults ?? faultKinds,
        ...{ clients: names, servers: options.faultyServers },
        random: random.fork('faults'),
        frail: random.fork('frail').pick(cluster.agentNames.slice(0, agents)),
        onFault: what => {
          timeline.fault(what)
          const undone = calm.disturb()
          return () => {
            timeline.note(`over: ${what}`)
            undone()
          }
        },
      },
      () => !working,
    )
  const workBeganMs = scheduler.nowMs
  const cpuBegan = process.cpuUsage()
  const faulty = Promise.all(Array.from({ length: faultsAtOnce }, (_, index) => makesFaults(index + 1)))
  const layoutOptions: LayoutChangeOptions = {
    ...{ cluster, store: admin.store, random: random.fork('layouts'), replicas, pause, schedule, long },
    destroys: options.destroys ?? true,
    onChange: what => timeline.fault(what),
  }
  const changed = options.layouts === true ? changeLayouts(layoutOptions, () => !working) : undefined
  const compared = options.comparing === true ? compareMeanwhile(admin, () => !working) : undefined
  const worked = Promise.all(
    connected.map(({ store, process }) =>
      work({
        name: process.name,
        ...{ store, bucket, process, operations, history, calm, load, contest, records, schedule, timeline },
        strict: !sloppy,
        policyOf: plan.policyOf,
        gapMs: (1000 * clients) / rate,
      }),
    ),
  ).finally(() => {
    working = false
  })
  const [results, , owed] = await scheduler.drive(Promise.all([worked, faulty, changed, compared]))
  const workMs = scheduler.nowMs - workBeganMs
  const cpu = process.cpuUsage(cpuBegan)
  timeline.note('all is mended')

  await scheduler.drive(cluster.mend())
  if (options.layouts === true) {
    if (owed !== undefined) await scheduler.drive(changeAtLast(layoutOptions, owed, () => scheduler.nowMs))
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
  if (watcher !== undefined) await scheduler.drive(watcher.finish())
  for (const key of contest.keys)
    await scheduler.drive(readContested({ store: first.store, bucket, contest }, key))
  contest.check()
  await scheduler.drive(readRecords(first, bucket, records))
  records.check()
  await scheduler.drive(definite(first.process, () => endUploads({ store: first.store, bucket })))
  const purges = random.fork('purges')
  const removed = [...history.keys, ...contest.keys].filter(() => purges.chance(0.5))
  await scheduler.drive(purgeAll(checked, removed))
  await scheduler.drive(probe.close())
  await scheduler.drive(
    Promise.all([...connected, admin, ...(following ? [following] : [])].map(({ store }) => store.close())),
  )
  // Leases of uploads that failed are audited at last, and again; then their blocks have their grace time.
  const { uploadMs, graceMs, remainderMs } = collection
  const agesMs = remainderMs < hourMs ? remainderAges * remainderMs : 0
  const settledMs = 3 * (uploadMs + graceMs) + agesMs + calmMs
  // Where an agent takes no part nothing is decided, however long it is waited for.
  if (cluster.restored === undefined) await scheduler.drive(harness.pause(settledMs, 'waits'))
  await scheduler.drive(cluster.stop())
  // Audits of keys of which an owner takes no part are not decided: what is not needed stays.
  const census = await cluster.census()
  if (cluster.restored === undefined) {
    const blocks = census.map(agent => agent.blocks)
    expectNone(censusProblems(blocks, majority(replicas)))
  }
  if (checked.becomesLevel) expectNone(queueProblems(census.map(({ queues }) => queues)))
  const remainders = census.map(agent => agent.remainders)
  if (checked.becomesLevel && remainderMs < hourMs) expectNone(remainderProblems(remainders))
  return {
    ...summary(scheduler, history, results, timeline.faults),
    ...{ workMs, workCpuMs: (cpu.user + cpu.system) / 1000 },
    collectedPartitions: Math.max(...remainders.map(({ partitions }) => partitions)),
    contested: contest.count('done'),
    ...{ lateTwins, restored: cluster.restored },
    ...{ told: watcher?.toldCount ?? 0, resets: watcher?.resets ?? 0 },
  }
}

/** Whether the log of some agent may go with its disk, or with the agent. */
function mayReset({ faults = faultKinds, layouts = false }: SimulationOptions): boolean {
  return layouts || faults.some(kind => kind === 'restore disk' || kind === 'lose disk')
}

/** Each owner waits for an age more than the one before it, and for a part of one after each attempt in vain. */
const remainderAges = 8

/** For what is under way, and for workers that look again after a while. */
const calmMs = 30_000

/** What nobody writes any more, twice. */
async function readRecords(
  { store, process }: Pick<CheckOptions, 'store' | 'process'>,
  bucket: string,
  records: Records,
): Promise<void> {
  for (let time = 0; time < 2; time++) {
    await definite(process, () => records.readSet({ store, bucket }, true))
    for (const name of records.registers)
      await definite(process, () => records.readRegister({ store, bucket }, name, true))
  }
}

function expectNone([problem, ...more]: readonly string[]): void {
  if (problem !== undefined) throw new Violation(`${problem}, and ${more.length} more:\n${more.join('\n')}`)
}

function summary(
  scheduler: Scheduler,
  history: History,
  results: readonly WorkResult[],
  faults: readonly string[],
): Omit<
  SimulationResult,
  'collectedPartitions' | 'contested' | 'lateTwins' | 'restored' | 'told' | 'resets' | 'workMs' | 'workCpuMs'
> {
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
