import { connect, type Store } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import { unfinishedRepairs } from '@torc/protocol/store/repair'
import { beforeNextLook } from '../harness/patience.js'
import { OperatedCluster } from '../harness/processes/operated-cluster.js'
import { ReplicaProbe } from '../harness/replicas/replica-probe.js'
import { SeededRandom } from '../harness/simulation/seeded-random.js'
import { RegisterClient } from './register-client.js'
import { type Nodes, type Trouble, troubles } from './troubles.js'

export interface TroubleOptions {
  /** How long each trouble lasts. */
  readonly lastsMs: number
  readonly seed: string
  /** Names of the troubles to make, parts of them suffice; all when empty. */
  readonly only?: readonly string[]
  readonly onProgress?: (text: string) => void
}

/** What happened during one trouble, from before it until the cluster was level again. */
export interface TroubleReport {
  readonly name: string
  readonly puts: number
  readonly deletes: number
  readonly reads: number
  readonly failedWrites: readonly string[]
  readonly failedReads: readonly string[]
  /** From the end of the trouble until all replicas were the same and a repair found nothing. */
  readonly recoveryMs: number
}

export interface TroubleResult {
  readonly reports: readonly TroubleReport[]
  /** Broken promises; none is right. */
  readonly problems: readonly string[]
}

const bucket = 'trouble'
const agentCount = 5
const serverCount = 2
const clientCount = 4
const keysEach = 12
/** How long a cluster that is whole may take to become level. */
const recoveryMsMax = 120_000

/**
 * Trouble in turn on a cluster of real processes under constant load: N = 3, R = W = 2. Writes must go on through all of
 * it; after each trouble hints must be delivered, replicas be the same byte by byte, nothing acknowledged be lost and
 * nothing purged be back.
 */
export async function makeTrouble(options: TroubleOptions): Promise<TroubleResult> {
  const { lastsMs, seed, only = [], onProgress = () => undefined } = options
  const cluster = new OperatedCluster()
  const stores: Store[] = []
  const reports: TroubleReport[] = []
  const problems: string[] = []
  try {
    const nodes = await startNodes(cluster)
    const servers = nodes.servers.map(({ address }) => address)
    const credentials = readCredentials(cluster.credentials)
    const open = async (): Promise<Store> => {
      const store = await connect({ servers, credentials, timeoutMs: 60_000 })
      stores.push(store)
      return store
    }
    const admin = await open()
    await admin.createBucket(bucket)
    const clients: RegisterClient[] = []
    for (let n = 0; n < clientCount; n++) {
      const random = new SeededRandom(`${seed} ${n}`)
      clients.push(
        new RegisterClient({ store: await open(), bucket, name: `client-${n}`, keys: keysEach, random }),
      )
    }
    const chosen = troubles.filter(({ name }) => only.length === 0 || only.some(part => name.includes(part)))
    for (const trouble of chosen) {
      const report = await oneTrouble({ trouble, cluster, nodes, admin, clients, lastsMs })
      reports.push(report)
      if (report.failedWrites.length > 0)
        problems.push(`${trouble.name}: writes failed: ${report.failedWrites.slice(0, 3).join('; ')}`)
      if (report.failedReads.length > 0 && trouble.readsMayFail !== true)
        problems.push(`${trouble.name}: reads failed: ${report.failedReads.slice(0, 3).join('; ')}`)
      for (const client of clients) problems.push(...client.violations.splice(0))
      onProgress(
        `${trouble.name}: ${report.puts} puts, ${report.deletes} deletes, ${report.reads} reads, ${report.failedWrites.length} and ${report.failedReads.length} failed, level after ${Math.round(report.recoveryMs)} ms`,
      )
    }
  } finally {
    await Promise.all(stores.map(store => store.close()))
    await cluster.stop()
  }
  return { reports, problems }
}

async function startNodes(cluster: OperatedCluster): Promise<Nodes> {
  await cluster.init()
  const first = await cluster.server({ name: 'server-1', proxied: true })
  const join = [first.address]
  const others = Array.from({ length: serverCount - 1 }, (_, n) =>
    cluster.server({ name: `server-${n + 2}`, proxied: true, join }),
  )
  const agents = Array.from({ length: agentCount }, (_, n) =>
    cluster.agent(`agent-${n + 1}`, { proxied: true, join }),
  )
  const nodes = { servers: [first, ...(await Promise.all(others))], agents: await Promise.all(agents) }
  const made = await cluster.initLayout(first.address, agentCount)
  if (made.code !== 0) throw new Error(made.stderr)
  for (const { address } of nodes.servers) await cluster.untilStatus(address, ({ epoch }) => epoch > 0)
  return nodes
}

interface OneTrouble {
  readonly trouble: Trouble
  readonly cluster: OperatedCluster
  readonly nodes: Nodes
  readonly admin: Store
  readonly clients: readonly RegisterClient[]
  readonly lastsMs: number
}

async function oneTrouble(run: OneTrouble): Promise<TroubleReport> {
  const { trouble, cluster, nodes, admin, clients, lastsMs } = run
  const before = total(clients)
  let over = false
  let calm = true
  const working = Promise.all(
    clients.map(client =>
      client.run(
        () => over,
        () => calm,
      ),
    ),
  )
  try {
    await until(() => total(clients).puts >= before.puts + clientCount)
    calm = false
    await trouble.run({ cluster, nodes, lastsMs, hintHolder: () => hintHolder(admin, nodes) })
    // Under load for a while longer: what comes back is caught up with while writes go on.
    const { puts } = total(clients)
    await until(() => total(clients).puts >= puts + 4 * clientCount)
  } finally {
    over = true
  }
  await working
  const startedMs = performance.now()
  await level(admin, cluster, nodes, clients)
  const recoveryMs = performance.now() - startedMs
  for (const client of clients) await client.check()
  const after = total(clients)
  return {
    name: trouble.name,
    puts: after.puts - before.puts,
    deletes: after.deletes - before.deletes,
    reads: after.reads - before.reads,
    failedWrites: clients.flatMap(({ counts }) => counts.failedWrites.splice(0)),
    failedReads: clients.flatMap(({ counts }) => counts.failedReads.splice(0)),
    recoveryMs,
  }
}

/** Waits until no hint is left, every replica of every key is the same, and a repair finds nothing. */
async function level(
  admin: Store,
  cluster: OperatedCluster,
  nodes: Nodes,
  clients: readonly RegisterClient[],
): Promise<void> {
  const endMs = performance.now() + recoveryMsMax
  const check = (what: string): void => {
    if (performance.now() > endMs) throw new Error(`after ${recoveryMsMax} ms ${what}`)
  }
  for (;;) {
    const { members, problems } = await admin.status()
    const agents = members.filter(({ role }) => role === 'agent')
    const alive = agents.filter(({ state }) => state === 'alive').length === agentCount
    const hinted = agents.filter(({ hints }) => hints === undefined || hints.length > 0)
    if (alive && hinted.length === 0) break
    check(`there are hints or agents away: ${problems.join(' ')} ${hinted.map(({ id }) => id).join()}`)
    await beforeNextLook()
  }
  // The first pass may have something to do, a second one must not.
  for (let pass = 1; ; pass++) {
    const { different, unreachable } = await repairPass(admin)
    if (pass > 1 && different === 0 && unreachable === 0) break
    check(`pass ${pass} of the repair finds ${different} differences`)
  }
  const probe = ReplicaProbe.ofProcesses(
    cluster.secretFile,
    nodes.agents.map(({ address }) => address),
  )
  try {
    for (const client of clients) for (const key of client.keys) await probe.settled(bucket, key)
  } finally {
    await probe.close()
  }
}

/** One pass of anti-entropy on every agent, from its begin to its end. */
async function repairPass(admin: Store): Promise<{ different: number; unreachable: number }> {
  const asked = await admin.repair()
  let now = asked
  while (unfinishedRepairs(asked, now).length > 0) {
    await beforeNextLook()
    now = await admin.repairStatus()
  }
  const sum = { different: 0, unreachable: 0 }
  for (const { repair } of now.agents) {
    // An agent that does not answer has compared nothing.
    sum.unreachable += repair?.unreachable ?? 1
    sum.different += repair?.different ?? 0
  }
  return sum
}

async function hintHolder(admin: Store, nodes: Nodes): Promise<number | undefined> {
  const { members } = await admin.status()
  const holders = members
    .map(({ name, hints = [] }) => ({ name, held: hints.reduce((sum, { keys }) => sum + keys, 0) }))
    .filter(({ held }) => held > 0)
    .sort((a, b) => b.held - a.held)
  const number = nodes.agents.findIndex(({ name }) => name === holders[0]?.name)
  return number < 0 ? undefined : number
}

function total(clients: readonly RegisterClient[]): { puts: number; deletes: number; reads: number } {
  const sum = { puts: 0, deletes: 0, reads: 0 }
  for (const { counts } of clients) {
    sum.puts += counts.puts
    sum.deletes += counts.deletes
    sum.reads += counts.reads
  }
  return sum
}

async function until(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + recoveryMsMax
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`clients make no progress for ${recoveryMsMax} ms`)
    await beforeNextLook(20)
  }
}
