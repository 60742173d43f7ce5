import { type Store, TorcError } from '@torc/client'
import { unfinishedRepairs } from '@torc/protocol/store/repair'
import { beforeNextLook } from '../../harness/patience.js'
import { ReplicaProbe } from '../../harness/replicas/replica-probe.js'
import type { SeededRandom } from '../../harness/simulation/seeded-random.js'
import { agentNames, type ChaosCluster, serverNames } from '../cluster/chaos-cluster.js'
import { buckets } from '../load/activity.js'
import { setPrefix } from '../load/elements.js'
import type { RecordedCall } from '../load/history.js'

/** How long a cluster that is whole may take until it is level, and each node answers. */
export const levelMsMax = 120_000
/** Log of one process: faults are told of, and not call by call. */
const logLinesMax = 20_000
/** Elements whose replicas are compared byte by byte; of the others the repair compares the digests. */
const probedElementsMax = 150

export interface LevelOptions {
  readonly cluster: ChaosCluster
  readonly admin: Store
  /** Called when no hint is left. */
  readonly onHintsGone: () => Promise<void>
  readonly calls: readonly RecordedCall[]
  readonly random: SeededRandom
}

/**
 * Waits until the cluster is level, which has to be within the stated time: every node alive and answering, no hint
 * left, a second pass of the repair that finds nothing, replicas that are the same byte by byte, no unfinished files.
 * Returns what is not so.
 */
export async function untilLevel(options: LevelOptions): Promise<string[]> {
  const { cluster, admin, onHintsGone } = options
  const endMs = performance.now() + levelMsMax
  const problems: string[] = []
  const ended = cluster.ended()
  if (ended.length > 0) return [`processes ended by themselves: ${ended.join(', ')}`]
  for (const server of serverNames) {
    const store = await cluster.connect([server], 10_000)
    const left = await eventually(endMs, () => unlevelled(store))
    if (left !== undefined) problems.push(`${levelMsMax} ms after the end ${server} says: ${left}`)
    await store.close()
  }
  if (problems.length > 0) return problems
  await onHintsGone()
  problems.push(...(await repairTwice(admin, endMs)))
  problems.push(...(await differentReplicas(options)))
  const files = await eventually(endMs, async () => {
    const found = cluster.temporaries()
    return found.length === 0 ? undefined : `files of unfinished writes are left: ${found.join(', ')}`
  })
  if (files !== undefined) problems.push(files)
  for (const [name, lines] of cluster.logLines())
    if (lines > logLinesMax) problems.push(`${name} has written ${lines} lines of log`)
  return problems
}

/** Looks until there is nothing to say any more; what there is to say at the end. */
async function eventually(
  endMs: number,
  look: () => Promise<string | undefined>,
): Promise<string | undefined> {
  for (;;) {
    let left: string | undefined
    try {
      left = await look()
    } catch (thrown) {
      if (!(thrown instanceof TorcError) || !thrown.retryable) throw thrown
      left = thrown.message
    }
    if (left === undefined || performance.now() > endMs) return left
    await beforeNextLook()
  }
}

async function unlevelled(store: Store): Promise<string | undefined> {
  const { members } = await store.status()
  const agents = members.filter(({ role }) => role === 'agent')
  // A server that was started again has another id; the old one is remembered as down for a while.
  const alive = members.filter(({ state }) => state === 'alive').map(({ name }) => name)
  const missing = [...serverNames, ...agentNames].filter(name => !alive.includes(name))
  if (missing.length > 0) return `${missing.join(', ')} not alive`
  const hinted = agents.filter(({ hints }) => hints === undefined || hints.length > 0)
  if (hinted.length === 0) return undefined
  return `hints at ${hinted.map(({ name, hints }) => `${name} ${JSON.stringify(hints)}`).join(', ')}`
}

/**
 * The first pass may have something to do, the second must not; but where owners ended rounds of consensus meanwhile that
 * nobody else ended, they changed keys, and it does not count.
 */
async function repairTwice(admin: Store, endMs: number): Promise<string[]> {
  await repairPass(admin, endMs)
  for (;;) {
    const before = await roundsEnded(admin)
    const { different, unreachable, keysRepaired } = await repairPass(admin, endMs)
    const counts = (await roundsEnded(admin)) === before || performance.now() > endMs
    if (unreachable > 0) return [`the second pass of the repair could not compare ${unreachable} partitions`]
    if (different === 0) return []
    if (counts)
      return [
        `the second pass of the repair finds ${different} differences; ${keysRepaired} keys were repaired`,
      ]
  }
}

/** What agents tell of the rounds that they ended for others. */
async function roundsEnded(admin: Store): Promise<string> {
  const { members } = await admin.status()
  const workers = members.flatMap(({ workers: own = [] }) => own)
  return workers.flatMap(({ name, progress }) => (name === 'proposals' ? progress : [])).join()
}

interface Pass {
  different: number
  unreachable: number
  keysRepaired: number
}

/** One pass of anti-entropy on every agent, from its begin to its end. */
async function repairPass(admin: Store, endMs: number): Promise<Pass> {
  const asked = await admin.repair()
  let now = asked
  const left = await eventually(endMs, async () => {
    now = await admin.repairStatus()
    const unfinished = unfinishedRepairs(asked, now)
    return unfinished.length === 0 ? undefined : `the repair of ${unfinished.join(', ')} does not end`
  })
  if (left !== undefined) throw new Error(left)
  const sum: Pass = { different: 0, unreachable: 0, keysRepaired: 0 }
  for (const { repair } of now.agents) {
    // An agent that does not answer has compared nothing.
    sum.unreachable += repair?.unreachable ?? 1
    sum.different += repair?.different ?? 0
    sum.keysRepaired += repair?.keysRepaired ?? 0
  }
  return sum
}

/** Registers, bodies and contested keys, and some of the elements: the same on all owners, which each answer for it. */
async function differentReplicas({ cluster, calls, random }: LevelOptions): Promise<string[]> {
  const keys = new Map<string, string>()
  const elements: string[] = []
  for (const { kind, key, bucket } of calls) {
    if (kind === 'list' || kind === 'versions') continue
    if (!key.startsWith(setPrefix)) keys.set(key, bucket)
    else if (kind === 'put') elements.push(key)
  }
  for (let left = Math.min(probedElementsMax, elements.length); left > 0; left--)
    keys.set(random.pick(elements), buckets.loose)
  const probe = ReplicaProbe.ofProcesses(cluster.secretFile, cluster.addressesOf(agentNames))
  const problems: string[] = []
  try {
    for (const [key, bucket] of keys) {
      try {
        await probe.settled(bucket, key)
      } catch (thrown) {
        problems.push(thrown instanceof Error ? thrown.message : String(thrown))
        if (problems.length > 2) break
      }
    }
  } finally {
    await probe.close()
  }
  return problems
}
