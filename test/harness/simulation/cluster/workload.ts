import { TorcError } from '@torc/protocol/errors'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import type { SeededRandom } from '../seeded-random.js'
import type { SimulatedProcess } from '../simulated-process.js'
import { type History, Violation } from './history.js'

/** Sizes of bodies: inline in the frame, stored inline, in one block, in several blocks. */
const bodyBytes = [10, 1000, 15_000, 30_000, 100_000, 1_300_000] as const
const weights = [8, 8, 4, 3, 2, 1] as const
const keysPerClient = 6
/** Of the calls; the rest are GETs. */
const putShare = 0.5
const deleteShare = 0.1
/** A PUT that no fault touches takes a few milliseconds. */
const undisturbedMs = 100
const readBackProbability = 0.5
/** Between two calls of a client. */
const thinkMsMax = 150

export interface ClientWork {
  /** Part of the names of its keys: nobody else writes them. */
  readonly name: string
  readonly store: ObjectStore
  readonly bucket: string
  readonly process: SimulatedProcess
  readonly operations: number
  readonly history: History
}

export interface WorkResult {
  readonly reads: number
  /** Failures by code. */
  readonly failures: ReadonlyMap<string, number>
}

/** Puts and gets one after the other, checking each read against the history. */
export async function work(options: ClientWork): Promise<WorkResult> {
  const { name, process, operations } = options
  const { random } = process
  const failures = new Map<string, number>()
  const keys = Array.from({ length: keysPerClient }, (_, index) => `${name}/object-${index}`)
  let reads = 0
  for (let operation = 0; operation < operations; operation++) {
    const key = random.pick(keys)
    const call = pickCall(random)
    const outcomes = [await call(options, key)]
    // Whoever reads just after a write finds out whether it was acknowledged too early.
    if (call !== get && random.chance(readBackProbability)) outcomes.push(await get(options, key))
    for (const outcome of outcomes) {
      if (outcome === undefined) reads++
      else if (outcome !== 'acknowledged') failures.set(outcome, (failures.get(outcome) ?? 0) + 1)
    }
    await process.pause(random.fraction() * thinkMsMax, 'thinks')
  }
  return { reads, failures }
}

type Call = (work: ClientWork, key: string) => Promise<string | undefined>

function pickCall(random: SeededRandom): Call {
  const draw = random.fraction()
  return draw < putShare ? put : draw < putShare + deleteShare ? remove : get
}

async function put({ store, bucket, process, history }: ClientWork, key: string): Promise<string> {
  const write = history.begin(key, process.random.bytes(pickBytes(process.random)))
  const streamed = process.random.chance(0.3)
  const body = streamed ? inPieces(write.body, process.random.integer(1, write.body.length)) : write.body
  const { clock } = process.environment
  const startedMs = clock.monotonicMs()
  try {
    const { versionId } = await store.put(bucket, key, body)
    history.acknowledge(write, versionId, clock.monotonicMs() - startedMs > undisturbedMs)
    return 'acknowledged'
  } catch (error) {
    history.fail(write)
    return expectedFailure(error)
  }
}

async function remove({ store, bucket, history }: ClientWork, key: string): Promise<string> {
  const write = history.beginDelete(key)
  try {
    await store.delete(bucket, key)
    history.acknowledge(write)
    return 'acknowledged'
  } catch (error) {
    if (error instanceof TorcError && error.code === 'KEY_NOT_FOUND') {
      history.checkAbsent(key)
      history.acknowledge(write)
      return 'acknowledged'
    }
    history.fail(write)
    return expectedFailure(error)
  }
}

async function get({ store, bucket, history }: ClientWork, key: string): Promise<string | undefined> {
  try {
    const object = await store.get(bucket, key)
    history.checkRead(key, await object.bytes())
    return undefined
  } catch (error) {
    if (error instanceof TorcError && error.code === 'KEY_NOT_FOUND') {
      history.checkAbsent(key)
      return undefined
    }
    return expectedFailure(error)
  }
}

/** Faults make calls fail, but only in ways that say "try again"; anything else is a defect. */
function expectedFailure(error: unknown): string {
  if (error instanceof TorcError && error.retryable) return error.code
  if (error instanceof Violation) throw error
  throw new Violation(`a call failed for no good reason: ${error}`, { cause: error })
}

function pickBytes(random: SeededRandom): number {
  let left = random.fraction() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    left -= weight
    if (left < 0) return random.integer(0, bodyBytes[index] ?? 0)
  }
  return 0
}

async function* inPieces(body: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < body.length; start += pieceBytes) yield body.subarray(start, start + pieceBytes)
}

/** Reads every key that was ever written until the answer is definite; the cluster is whole by now. */
export async function checkAll(options: Omit<ClientWork, 'name' | 'operations'>): Promise<void> {
  const { store, bucket, process, history } = options
  for (const key of history.keys) {
    await definite(process, async () => {
      try {
        const object = await store.get(bucket, key)
        history.checkRead(key, await object.bytes())
      } catch (error) {
        if (!(error instanceof TorcError) || error.code !== 'KEY_NOT_FOUND') throw error
        history.checkAbsent(key)
      }
    })
  }
  await definite(process, () => checkListing(store, bucket, history))
  await definite(process, () => checkVersions(store, bucket, history))
}

async function checkListing(store: ObjectStore, bucket: string, history: History): Promise<void> {
  const listed: string[] = []
  for await (const entry of store.list(bucket)) if ('key' in entry) listed.push(entry.key)
  if (listed.some((key, index) => index > 0 && key <= (listed[index - 1] ?? ''))) {
    throw new Violation(`the listing is out of order: ${listed.join(' ')}`)
  }
  const missing = history.livingKeys().filter(key => !listed.includes(key))
  if (missing.length > 0) throw new Violation(`the listing lacks ${missing.join(' ')}`)
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

const patienceMs = 60_000
const retryMs = 250

async function definite(process: SimulatedProcess, attempt: () => Promise<void>): Promise<void> {
  const { clock } = process.environment
  const endMs = clock.monotonicMs() + patienceMs
  for (;;) {
    try {
      return await attempt()
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
