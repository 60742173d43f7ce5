import { TorcError } from '@torc/protocol/errors'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import type { SeededRandom } from '../seeded-random.js'
import type { SimulatedProcess } from '../simulated-process.js'
import type { Calm } from './calm.js'
import { type History, type Seen, Violation, type Write } from './history.js'
import { type Load, pick } from './load.js'
import type { Timeline } from './timeline.js'

const sharedFilling = Buffer.alloc(1_100_000, 'shared')
/** Of writes; the rest cover all that was acknowledged. */
const contextProbability = 0.5

/** A token that an answer brought, and what it covers. */
export interface Token {
  readonly context: string
  readonly seen: Seen
}

/** What a client does to one of its keys. */
export interface Task {
  /** Of the client: part of the names of its keys, which nobody else writes. */
  readonly name: string
  readonly store: ObjectStore
  readonly bucket: string
  readonly process: SimulatedProcess
  readonly history: History
  /** Retention policy that each PUT of the key sets; undefined where the bucket's is in force. */
  readonly policyOf: (key: string) => string | undefined
  readonly calm: Calm
  readonly load: Load
  readonly timeline: Timeline
  readonly key: string
  /** Of this call. */
  readonly random: SeededRandom
  /** Of this key, oldest first. */
  readonly tokens: Token[]
}

export async function put(task: Task): Promise<string> {
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

export async function mark(task: Task): Promise<string> {
  const { store, bucket, key, history } = task
  const write = history.begin(key, 'marker', new Uint8Array(0))
  return written(task, write, async () => {
    const { marker } = await store.delete(bucket, key, { marker: true })
    return marker === undefined ? undefined : { versionId: marker }
  })
}

export async function purge(task: Task): Promise<string> {
  const { store, bucket, key, history } = task
  const token = pickToken(task)
  const write = history.begin(key, 'purge', new Uint8Array(0), token?.seen)
  return written(task, write, async () => {
    const { removed } = await store.delete(bucket, key, { context: token?.context })
    history.removed(write, removed)
    return undefined
  })
}

export async function removeVersion(task: Task): Promise<string> {
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
export async function copy(task: Task): Promise<string> {
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
export async function tag(task: Task): Promise<string | undefined> {
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

export async function written(
  { history, process, calm, timeline }: Task,
  write: Write,
  call: () => Promise<{ readonly versionId: string; readonly createdAt?: Date } | undefined>,
): Promise<string> {
  const { clock } = process.environment
  const isCalm = calm.watch()
  const what = `${write.key} write ${write.number} (${write.kind})`
  timeline.note(`${what} begins`)
  try {
    const version = await call()
    timeline.note(`${what} is acknowledged ${version?.versionId ?? ''}`)
    const twinsUntilMs = isCalm() ? undefined : clock.nowMs() + skewMsMax
    if (write.outcome === 'open')
      history.acknowledge(write, version?.versionId, version?.createdAt, twinsUntilMs)
    return 'acknowledged'
  } catch (error) {
    history.fail(write)
    timeline.note(`${what} fails: ${error}`)
    return expectedFailure(error)
  }
}

export async function get(task: Task): Promise<string | undefined> {
  const { store, bucket, key, history, timeline } = task
  try {
    const before = history.everything(key)
    const shown = await readAndCheck(store, bucket, key, history)
    timeline.note(`${key} shows ${shown?.heads.join(' ') ?? 'nothing'}`)
    if (shown !== undefined) remember(task, shown.context, history.seenAt(key, shown.heads, before))
    return undefined
  } catch (error) {
    return expectedFailure(error)
  }
}

/** The keys of the client, which it alone writes. */
export async function list({ store, bucket, name, history }: Task): Promise<string | undefined> {
  try {
    await listAndCheck(store, bucket, history, `${name}/`)
    return undefined
  } catch (error) {
    return expectedFailure(error)
  }
}

/** Lists the keys under a prefix that nobody writes meanwhile, and checks them; `last` as of `History.checkRead`. */
export async function listAndCheck(
  store: ObjectStore,
  bucket: string,
  history: History,
  prefix = '',
  last = false,
): Promise<void> {
  const listed: string[] = []
  for await (const entry of store.list(bucket, { prefix })) if ('key' in entry) listed.push(entry.key)
  if (listed.some((key, index) => index > 0 && key <= (listed[index - 1] ?? ''))) {
    throw new Violation(`the listing is out of order: ${listed.join(' ')}`)
  }
  history.checkListing(prefix, new Set(listed), last)
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

export function remember({ tokens }: Task, context: string, seen: Seen): void {
  tokens.push({ context, seen })
  if (tokens.length > tokensMax) tokens.shift()
}

/** Mostly the last one; an older one makes siblings. */
export function pickToken({ tokens, random }: Task): Token | undefined {
  if (tokens.length === 0 || !random.chance(contextProbability)) return undefined
  return random.chance(0.5) ? tokens.at(-1) : random.pick(tokens)
}

export function isGone(error: unknown): boolean {
  return (
    error instanceof TorcError &&
    ['KEY_NOT_FOUND', 'VERSION_NOT_FOUND', 'VERSION_REMOVED'].includes(error.code)
  )
}

/** Faults make calls fail, but only in ways that say "try again"; anything else is a defect. */
export function expectedFailure(error: unknown): string {
  if (error instanceof TorcError && error.retryable) return error.code
  if (error instanceof Violation) throw error
  throw new Violation(`a call failed for no good reason: ${error}`, { cause: error })
}

export function ownFilling(load: Load, random: SeededRandom): Uint8Array {
  const bytes = pickBytes(load, random)
  return load.compressed === true ? Buffer.alloc(bytes, random.bytes(64)) : random.bytes(bytes)
}

function pickBytes({ bytes }: Load, random: SeededRandom): number {
  return random.integer(0, pick(bytes, random) ?? 0)
}

async function* inPieces(body: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < body.length; start += pieceBytes) yield body.subarray(start, start + pieceBytes)
}
