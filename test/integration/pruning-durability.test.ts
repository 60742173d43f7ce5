import { join } from 'node:path'
import { connect } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import t, { type Test } from 'tap'
import { beforeNextLook } from '../harness/patience.js'
import { type Cluster, startCluster } from '../harness/processes/cluster.js'
import { ReplicaProbe } from '../harness/replicas/replica-probe.js'

const policies = { 'global:5': 5, 'dynamic:8': 8, latest: 1 } as const
const keysPerPolicy = 2

/** A key with one writer, which PUTs one version after the other; each PUT prunes. */
interface PrunedKey {
  readonly bucket: string
  readonly key: string
  /** Versions that the policy keeps at most. */
  readonly max: number
  /** Acknowledged versions, and how many PUTs were begun up to and with each. */
  readonly acknowledged: { readonly versionId: string; readonly number: number }[]
  begun: number
}

/** Writes all keys, each by a writer of its own, until `during` is over. */
async function writeDuring(cluster: Cluster, keys: readonly PrunedKey[], during: () => Promise<void>) {
  const store = await connect({
    servers: [cluster.server],
    credentials: readCredentials(cluster.credentials),
    timeoutMs: 10_000,
  })
  let over = false
  const writers = keys.map(async one => {
    while (!over) {
      const number = ++one.begun
      try {
        const { versionId } = await store.put(one.bucket, one.key, `${one.key} ${number}`)
        one.acknowledged.push({ versionId, number })
      } catch {
        // Not acknowledged: it may be there or not, and it may have pruned or not.
        await beforeNextLook()
      }
    }
  })
  await during()
  over = true
  await store.close()
  await Promise.all(writers)
}

/** Resolves when each key has `count` more acknowledged PUTs. */
async function untilWritten(keys: readonly PrunedKey[], count: number): Promise<void> {
  const wanted = keys.map(({ acknowledged }) => acknowledged.length + count)
  const deadline = performance.now() + 60_000
  while (keys.some(({ acknowledged }, index) => acknowledged.length < (wanted[index] ?? 0))) {
    if (performance.now() > deadline) throw new Error('the PUTs do not go on')
    await beforeNextLook()
  }
}

/** Reads every key, then looks at its replicas: equal, and nothing missing that the policy does not take. */
async function check(t: Test, cluster: Cluster, keys: readonly PrunedKey[]): Promise<void> {
  const store = await connect({
    servers: [cluster.server],
    credentials: readCredentials(cluster.credentials),
  })
  const probe = ReplicaProbe.ofProcesses(
    join(cluster.data, 'cluster-secret.json'),
    cluster.agents.map(({ address }) => address),
  )
  // Who missed a write missed what it pruned: a read of all replicas makes them the same.
  const ask = async (readQuorum: number): Promise<void> => {
    for (const bucket of new Set(keys.map(({ bucket }) => bucket)))
      await store.changeBucket(bucket, { readQuorum })
  }
  try {
    await ask(3)
    for (const one of keys) {
      const { bucket, key, max, acknowledged, begun } = one
      await store.get(bucket, key)
      const { versions } = await probe.settled(bucket, key)
      // `dynamic` takes a quarter at once, so that fewer than its maximum are left. Two dots of one PUT (its minter
      // was killed before it answered) are two versions to a policy.
      const twins = versions.length - new Set(versions).size
      const kept = (bucket === 'dynamic' ? max - Math.floor(max / 4) : max) - twins
      const missing = acknowledged.filter(
        ({ versionId, number }) => number > begun - kept && !versions.includes(versionId),
      )
      t.strictSame(
        missing,
        [],
        `${bucket}/${key}: of ${begun} PUTs the last ${kept} are there if acknowledged`,
      )
      const { versionId } = await store.put(bucket, key, 'last')
      acknowledged.push({ versionId, number: ++one.begun })
      const after = await probe.settled(bucket, key, replica => replica.versions[0] === versionId)
      t.strictSame(after.heads, [versionId])
      t.ok(after.versions.length <= max, `${after.versions.length} of ${max} versions`)
    }
    await ask(2)
  } finally {
    await probe.close()
    await store.close()
  }
}

t.test('kill -9 in the middle of pruning PUTs: what is missing went by the policy', async t => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const keys: PrunedKey[] = []
  for (const [policy, max] of Object.entries(policies)) {
    const bucket = policy.split(':')[0] ?? ''
    t.match(await cluster.torc(['mb', bucket, '--policy', policy]), { code: 0 })
    for (let number = 1; number <= keysPerPolicy; number++)
      keys.push({ bucket, key: `key-${number}`, max, acknowledged: [], begun: 0 })
  }
  await writeDuring(cluster, keys, async () => {
    for (const process of ['agent-1', 'server', 'agent-3']) {
      await untilWritten(keys, 15)
      await cluster.killAndRestart(process)
    }
    await untilWritten(keys, 15)
  })
  await check(t, cluster, keys)
  await writeDuring(cluster, keys, async () => {
    await untilWritten(keys, 12)
    await cluster.killAll()
  })
  await cluster.restart()
  await check(t, cluster, keys)
})
