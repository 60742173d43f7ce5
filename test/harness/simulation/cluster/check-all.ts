import { TorcError } from '@torc/protocol/errors'
import type { Admin } from '@torc/protocol/store/admin'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import { unfinishedRepairs } from '@torc/protocol/store/repair'
import { recordAgeMs } from '@torc/server/buckets/record-cache'
import type { Replica } from '../../replicas/replica-probe.js'
import type { SimulatedProcess } from '../simulated-process.js'
import { listAndCheck, readAndCheck, type Task, tagName } from './calls.js'
import { type History, Violation } from './history.js'

export interface CheckOptions extends Pick<Task, 'bucket' | 'process' | 'history' | 'policyOf'> {
  readonly store: ObjectStore & Admin
  /** Most versions that the policy of a key lets be once its heads are one. */
  readonly versionsMax: (key: string) => number
  /** Of the bucket. */
  readonly replicas: number
  /** Reads ask all owners of each key, so that its replicas become the same. */
  readonly converges: boolean
  /** All owners are there and take part: hints are handed over, and a pass of anti-entropy ends. */
  readonly becomesLevel: boolean
  /** The state of a key on each of its owners. */
  readonly replicasOf: (key: string) => Promise<readonly Replica[]>
}

/**
 * Checks every key that was ever written, until the answer is definite; the cluster is whole by now. Then one write
 * more to each: it resolves all siblings, a policy is kept to, and the replicas are the same byte by byte.
 */
export async function checkAll(options: CheckOptions): Promise<{ readonly lateTwins: number }> {
  const { store, bucket, process, history } = options
  if (options.becomesLevel) await untilLevel(options)
  const lateTwins = await settle(options)
  for (const key of history.keys)
    await definite(process, () => readAndCheck(store, bucket, key, history, true))
  await definite(process, () => listAndCheck(store, bucket, history, '', true))
  await definite(process, () => checkVersions(store, bucket, history))
  await definite(process, () => checkBodies(store, bucket))
  await definite(process, () => checkTags(store, bucket, history))
  await definite(process, () => store.changeBucket(bucket, { readQuorum: options.replicas }))
  await process.pause(2 * recordAgeMs, 'waits until every server knows it')
  for (const key of history.keys) await definite(process, () => checkResolved(options, key))
  return { lateTwins }
}

/** Ends all doubt about attempts that might still come; the sum of `History.settle`. */
async function settle({ history, replicasOf }: CheckOptions): Promise<number> {
  let lateTwins = 0
  for (const key of history.keys) {
    const replicas = await replicasOf(key)
    const minted = replicas.map(({ versions, mintedAt }) =>
      versions.map((id, index) => ({ id, atMs: (mintedAt[index] ?? 0) / 1000 })),
    )
    lateTwins += history.settle(key, minted)
  }
  return lateTwins
}

async function checkVersions(store: ObjectStore, bucket: string, history: History): Promise<void> {
  const ids = new Map<string, Set<string>>()
  for await (const entry of store.versions(bucket)) {
    if (!('key' in entry)) continue
    const ofKey = ids.get(entry.key) ?? new Set()
    ids.set(entry.key, ofKey.add(entry.versionId))
  }
  for (const key of history.keys) history.checkVersions(key, ids.get(key) ?? new Set())
}

/** Every version that is listed can be read; the client checks its bytes. */
async function checkBodies(store: ObjectStore, bucket: string): Promise<void> {
  for await (const entry of store.versions(bucket)) {
    if (!('key' in entry) || entry.kind === 'marker') continue
    await (await store.get(bucket, entry.key, { versionId: entry.versionId })).bytes()
  }
}

async function checkTags(store: ObjectStore, bucket: string, history: History): Promise<void> {
  for (const key of history.keys) {
    for (const version of history.versionsOf(key)) {
      if (version.tags.length === 0) continue
      try {
        const { tags } = await store.tags(bucket, key, { versionId: version.versionId })
        history.checkTag(version, tags[tagName])
      } catch (error) {
        if (!(error instanceof TorcError) || error.retryable) throw error
        history.checkGone(version, true)
      }
    }
  }
}

async function checkResolved(options: CheckOptions, key: string): Promise<void> {
  const { store, bucket, history } = options
  const write = history.begin(key, 'put', new Uint8Array(0))
  try {
    const { versionId, createdAt } = await store.put(bucket, key, write.body, {
      policy: options.policyOf(key),
    })
    history.acknowledge(write, versionId, createdAt)
  } catch (error) {
    history.fail(write)
    throw error
  }
  await readAndCheck(store, bucket, key, history, true)
  const ids: string[] = []
  for await (const entry of store.versions(bucket, { prefix: key })) {
    if ('key' in entry && entry.key === key) ids.push(entry.versionId)
  }
  history.checkVersions(key, new Set(ids))
  const max = options.versionsMax(key)
  if (ids.length > max) throw new Violation(`${key} has ${ids.length} versions, its policy keeps ${max}`)
  if (options.converges) await untilEqual(options, key)
}

const patienceMs = 60_000
/** Hints and repairs go at their own pace. */
const levelMs = 300_000
const retryMs = 250

/**
 * Waits until hints are handed over and a pass of anti-entropy has ended on every agent: then the replicas of each key
 * are the same, though nobody reads or writes; a second pass finds nothing.
 */
async function untilLevel(options: CheckOptions): Promise<void> {
  const { store, process, history } = options
  await until(process, 'hints are left', async () => {
    const { members } = await store.status()
    const agents = members.filter(({ role }) => role === 'agent')
    // One that is destroyed has no place in the layout any more.
    return agents.every(({ state, hints, partitions }) =>
      state === 'alive' ? hints?.length === 0 : partitions === 0,
    )
  })
  await until(process, 'agents do not compare', async () => (await pass(options)) !== undefined)
  for (const key of history.keys) await untilEqual(options, key)
  await until(process, 'a pass of repair finds differences again and again', async () => {
    return (await pass(options)) === 0
  })
}

/** What one pass on every agent found different; undefined where some partition could not be compared. */
async function pass({ store, process }: Asked): Promise<number | undefined> {
  const asked = await store.repair()
  let now = asked
  while (unfinishedRepairs(asked, now).length > 0) {
    await process.pause(retryMs, 'waits')
    now = await store.repairStatus()
  }
  const passes = now.agents.flatMap(({ repair }) => (repair === undefined ? [] : [repair]))
  if (passes.length < now.agents.length || passes.some(({ unreachable }) => unreachable > 0)) return undefined
  return passes.reduce((sum, { different }) => sum + different, 0)
}

type Asked = Pick<CheckOptions, 'store' | 'process'>

/** Has agents compare all the time: what is only on its way must not count as missing. */
export async function compareMeanwhile(options: Asked, stopped: () => boolean): Promise<void> {
  while (!stopped()) {
    const different = await pass(options)
    if (different !== undefined && different > 0)
      throw new Violation(
        `nothing was missed, and yet a pass of repair found ${different} keys or blocks to differ`,
      )
  }
}

async function until(process: SimulatedProcess, what: string, holds: () => Promise<boolean>): Promise<void> {
  const { clock } = process.environment
  const endMs = clock.monotonicMs() + levelMs
  for (;;) {
    let reached = false
    await definite(process, async () => {
      reached = await holds()
    })
    if (reached) return
    if (clock.monotonicMs() > endMs) throw new Violation(`${levelMs} ms after the last fault ${what}`)
    await process.pause(retryMs, 'waits')
  }
}

/** A write goes on after its answer, and a read writes back behind it. */
async function untilEqual({ process, replicasOf }: CheckOptions, key: string): Promise<void> {
  const { clock } = process.environment
  const endMs = clock.monotonicMs() + patienceMs
  for (;;) {
    const states = (await replicasOf(key)).map(({ bytes }) => bytes.join('\n'))
    if (new Set(states).size === 1) return
    if (clock.monotonicMs() > endMs)
      throw new Violation(`the replicas of ${key} differ:\n${states.join('\n')}`)
    await process.pause(retryMs, 'waits')
  }
}

/** Some keys are purged for good, and nobody writes them again: nothing is to be left of them in the end. */
export async function purgeAll(
  { store, bucket, process }: Pick<CheckOptions, 'store' | 'bucket' | 'process'>,
  keys: readonly string[],
): Promise<void> {
  for (const key of keys) await definite(process, () => store.delete(bucket, key))
}

/** Until the answer is no failure that a healthy cluster may not give. */
export async function definite(process: SimulatedProcess, attempt: () => Promise<unknown>): Promise<void> {
  const { clock } = process.environment
  const endMs = clock.monotonicMs() + patienceMs
  for (;;) {
    try {
      await attempt()
      return
    } catch (error) {
      if (!(error instanceof TorcError) || !error.retryable) throw error
      if (clock.monotonicMs() > endMs) {
        throw new Violation(`no definite answer ${patienceMs} ms after the last fault: ${error.message}`, {
          cause: error,
        })
      }
      await process.pause(retryMs, 'retries')
    }
  }
}
