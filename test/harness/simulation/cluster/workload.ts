import { TorcError } from '@torc/protocol/errors'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import type { SeededRandom } from '../seeded-random.js'
import type { SimulatedProcess } from '../simulated-process.js'
import type { Calm } from './calm.js'
import { type Contest, contend } from './contest.js'
import { type History, type Seen, Violation, type Write } from './history.js'
import type { Load } from './load.js'

const keysPerClient = 4
const sharedFilling = Buffer.alloc(1_100_000, 'shared')
const readBackProbability = 0.5
/** Of writes; the rest cover all that was acknowledged. */
const contextProbability = 0.5
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
  /** Retention policy that each PUT of the key sets; undefined where the bucket's is in force. */
  readonly policyOf: (key: string) => string | undefined
  readonly calm: Calm
  readonly load: Load
  readonly contest: Contest
}

export interface WorkResult {
  readonly reads: number
  /** Failures by code. */
  readonly failures: ReadonlyMap<string, number>
}

/** A token that an answer brought, and what it covers. */
interface Token {
  readonly context: string
  readonly seen: Seen
}

/** What a client does to one of its keys. */
interface Task extends ClientWork {
  readonly key: string
  readonly random: SeededRandom
  /** Of this key, oldest first. */
  readonly tokens: Token[]
}

/** Writes and reads one after the other, checking each read against the history. */
export async function work(options: ClientWork): Promise<WorkResult> {
  const { name, process, operations, load } = options
  const { random } = process
  const failures = new Map<string, number>()
  const tasks = Array.from({ length: keysPerClient }, (_, index): Task => {
    return { ...options, key: `${name}/object-${index}`, random, tokens: [] }
  })
  let reads = 0
  for (let operation = 0; operation < operations; operation++) {
    const task = random.pick(tasks)
    const call = pick(calls(load), random) ?? get
    const outcomes = [await call(task)]
    // Whoever reads just after a write finds out whether it was acknowledged too early.
    if (call !== get && call !== contend && random.chance(readBackProbability)) outcomes.push(await get(task))
    for (const outcome of outcomes) {
      if (outcome === undefined) reads++
      else if (outcome !== 'acknowledged') failures.set(outcome, (failures.get(outcome) ?? 0) + 1)
    }
    await process.pause(random.fraction() * thinkMsMax, 'thinks')
  }
  return { reads, failures }
}

/** Undefined for a read, `acknowledged`, or the code of a failure. */
type Call = (task: Task) => Promise<string | undefined>

function calls({ percent }: Load): readonly (readonly [Call, number])[] {
  return [
    [put, percent.put],
    [mark, percent.mark],
    [purge, percent.purge],
    [removeVersion, percent.removeVersion],
    [copy, percent.copy],
    [tag, percent.tag],
    [get, percent.get],
    [contend, percent.contend ?? 0],
  ]
}

async function put(task: Task): Promise<string> {
  const { store, bucket, key, history, random, load } = task
  const token = pickToken(task)
  const filling = random.chance(load.shared) ? sharedFilling : ownFilling(load, random)
  const write = history.begin(key, 'put', filling, token?.seen)
  const streamed = random.chance(0.3)
  const body = streamed ? inPieces(write.body, random.integer(1, write.body.length)) : write.body
  return written(task, write, async () => {
    const result = await store.put(bucket, key, body, { context: token?.context, policy: task.policyOf(key) })
    remember(task, result.context, history.seenBy(write))
    return result
  })
}

async function mark(task: Task): Promise<string> {
  const { store, bucket, key, history } = task
  const write = history.begin(key, 'marker', new Uint8Array(0))
  return written(task, write, async () => {
    const { marker } = await store.delete(bucket, key, { marker: true })
    return marker === undefined ? undefined : { versionId: marker }
  })
}

async function purge(task: Task): Promise<string> {
  const { store, bucket, key, history } = task
  const token = pickToken(task)
  const write = history.begin(key, 'purge', new Uint8Array(0), token?.seen)
  return written(task, write, async () => {
    const { removed } = await store.delete(bucket, key, { context: token?.context })
    history.removed(write, removed)
    return undefined
  })
}

async function removeVersion(task: Task): Promise<string> {
  const { store, bucket, key, history, random } = task
  const versions = history.versionsOf(key)
  if (versions.length === 0) return 'acknowledged'
  const target = random.pick(versions)
  const write = history.beginRemoval(target)
  return written(task, write, async () => {
    try {
      await store.delete(bucket, key, { versionId: target.versionId })
    } catch (error) {
      if (!isGone(error)) throw error
      history.checkGone(target)
    }
    return undefined
  })
}

/** From an acknowledged version of any of the client's keys: its head by now, or one below. */
async function copy(task: Task): Promise<string> {
  const { store, bucket, key, history, random, name } = task
  const sources = history.keys
    .filter(other => other.startsWith(`${name}/`))
    .flatMap(other => history.versionsOf(other))
    .filter(({ kind }) => kind === 'put')
  if (sources.length === 0) return 'acknowledged'
  const source = random.pick(sources)
  const token = pickToken(task)
  const isCalm = task.calm.watch()
  const write = history.beginCopy(key, source, token?.seen)
  return written(task, write, async () => {
    const from = { bucket, key: source.key, versionId: source.versionId }
    const options = { context: token?.context, policy: task.policyOf(key) }
    try {
      const result = await store.copy(from, bucket, key, options)
      remember(task, result.context, history.seenBy(write))
      return result
    } catch (error) {
      if (!isGone(error)) throw error
      history.checkGone(source)
      // Without a fault it is the first attempt that says so.
      if (isCalm()) history.refuse(write)
      else history.fail(write)
      return undefined
    }
  })
}

export const tagName = 'changed'

/** Sets a tag of an acknowledged version. */
async function tag(task: Task): Promise<string | undefined> {
  const { store, bucket, key, history, random } = task
  const versions = history.versionsOf(key)
  if (versions.length === 0) return 'acknowledged'
  const version = random.pick(versions)
  const { versionId } = version
  const set = history.beginTag(version)
  try {
    const { tags } = await store.setTags(bucket, key, { set: { [tagName]: set.value } }, { versionId })
    set.acknowledged = true
    history.checkTag(version, tags[tagName])
    return 'acknowledged'
  } catch (error) {
    if (!isGone(error)) return expectedFailure(error)
    history.checkGone(version)
    return 'acknowledged'
  }
}

/** How far the clock of an agent may be ahead of a client's. */
const skewMsMax = 100

async function written(
  { history, process, calm }: Task,
  write: Write,
  call: () => Promise<{ readonly versionId: string; readonly createdAt?: Date } | undefined>,
): Promise<string> {
  const { clock } = process.environment
  const isCalm = calm.watch()
  try {
    const version = await call()
    const twinsUntilMs = isCalm() ? undefined : clock.nowMs() + skewMsMax
    if (write.outcome === 'open')
      history.acknowledge(write, version?.versionId, version?.createdAt, twinsUntilMs)
    return 'acknowledged'
  } catch (error) {
    history.fail(write)
    return expectedFailure(error)
  }
}

async function get(task: Task): Promise<string | undefined> {
  const { store, bucket, key, history } = task
  try {
    const before = history.everything(key)
    const shown = await readAndCheck(store, bucket, key, history)
    if (shown !== undefined) remember(task, shown.context, history.seenAt(key, shown.heads, before))
    return undefined
  } catch (error) {
    return expectedFailure(error)
  }
}

/** Reads the key, checks what is shown, and returns the read's context token; `last` as of `History.checkRead`. */
export async function readAndCheck(
  store: ObjectStore,
  bucket: string,
  key: string,
  history: History,
  last = false,
): Promise<{ readonly context: string; readonly heads: readonly string[] } | undefined> {
  try {
    const object = await store.get(bucket, key)
    const body = await object.bytes()
    const heads = [object.versionId, ...object.siblings]
    history.checkRead(key, { heads, body, isWhole: !object.degraded }, last)
    return { context: object.context, heads }
  } catch (error) {
    if (!(error instanceof TorcError) || error.code !== 'KEY_NOT_FOUND') throw error
    const { marker, siblings = [] } = (error.details ?? {}) as { marker?: string; siblings?: string[] }
    history.checkRead(
      key,
      { heads: marker === undefined ? [] : [marker, ...siblings], body: undefined },
      last,
    )
    return undefined
  }
}

const tokensMax = 4

function remember({ tokens }: Task, context: string, seen: Seen): void {
  tokens.push({ context, seen })
  if (tokens.length > tokensMax) tokens.shift()
}

/** Mostly the last one; an older one makes siblings. */
function pickToken({ tokens, random }: Task): Token | undefined {
  if (tokens.length === 0 || !random.chance(contextProbability)) return undefined
  return random.chance(0.5) ? tokens.at(-1) : random.pick(tokens)
}

function isGone(error: unknown): boolean {
  return (
    error instanceof TorcError &&
    ['KEY_NOT_FOUND', 'VERSION_NOT_FOUND', 'VERSION_REMOVED'].includes(error.code)
  )
}

/** Faults make calls fail, but only in ways that say "try again"; anything else is a defect. */
function expectedFailure(error: unknown): string {
  if (error instanceof TorcError && error.retryable) return error.code
  if (error instanceof Violation) throw error
  throw new Violation(`a call failed for no good reason: ${error}`, { cause: error })
}

function ownFilling(load: Load, random: SeededRandom): Uint8Array {
  const bytes = pickBytes(load, random)
  return load.compressed === true ? Buffer.alloc(bytes, random.bytes(64)) : random.bytes(bytes)
}

function pickBytes({ bytes }: Load, random: SeededRandom): number {
  return random.integer(0, pick(bytes, random) ?? 0)
}

/** One of the things, as often as their weights say. */
function pick<T>(
  things: readonly (readonly [thing: T, weight: number])[],
  random: SeededRandom,
): T | undefined {
  let left = random.fraction() * things.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [thing, weight] of things) {
    left -= weight
    if (left < 0) return thing
  }
  return undefined
}

async function* inPieces(body: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < body.length; start += pieceBytes) yield body.subarray(start, start + pieceBytes)
}
