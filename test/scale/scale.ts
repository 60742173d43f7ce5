import type { Store } from '@torc/client'
import type { PutOptions } from '@torc/protocol/store/object-store'
import { bodyOf, type LoadOptions, load } from './load.js'
import { fewKeys, fewVersions, lowCap, type ScaleOptions } from './options.js'
import { atMost, type Check, compareCosts, compareValues, exactly } from './report/check.js'
import { ScaleCluster } from './scale-cluster.js'
import type { CostMeter, Operation, Quantity } from './traffic/cost.js'

export interface ScaleRun
  extends Pick<ScaleOptions, 'keys' | 'versions' | 'repetitions' | 'inFlight' | 'folder'> {
  /** Ends the run; what it started is stopped and removed all the same. */
  readonly signal: AbortSignal
  /** Told how a part of the load begins; the function it gives is told how far it is. */
  readonly onLoad: (what: string, count: number) => (done: number) => void
  readonly onCheck: (check: Check) => void
}

/** Prefixes of the buckets that are compared, and of the one that shows what each prefix costs. */
const prefixes = 10
const manyPrefixes = 50
const pageKeys = 100
const agentMemoryMax = 300 * 2 ** 20
const clients = 2

const traffic: readonly Quantity[] = ['rowsRead', 'rowsWritten', 'clientBytes', 'agentBytes']
const rows: readonly Quantity[] = ['rowsRead', 'rowsWritten']

const long = { bucket: 'histories', key: 'history/long' }
const short = { bucket: 'histories', key: 'history/tiny' }
const highCap = { bucket: 'cap-high', key: 'history' }
const lowCapped = { bucket: 'cap-low', key: 'history' }

/**
 * Fills a cluster and checks that what costs little in small costs no more in large. All data lies in a new folder
 * that is removed at the end, also after a failure.
 */
export async function runScale(run: ScaleRun): Promise<readonly Check[]> {
  const cluster = await ScaleCluster.start(run.folder)
  try {
    const checks: Check[] = []
    const add = (...found: readonly Check[]): void => {
      for (const check of found) {
        checks.push(check)
        run.onCheck(check)
      }
    }
    await unlessAborted(check(cluster, run, add), run.signal)
    return checks
  } finally {
    await cluster.stop()
  }
}

async function check(cluster: ScaleCluster, run: ScaleRun, add: Add): Promise<void> {
  await fill(cluster, run)
  const { store, meter } = await cluster.meter()
  await compareHistories(store, meter, run, add)
  await compareCaps(store, meter, run, add)
  await compareListings(store, meter, run, add)
  add(exactly('the whole listing', 'keysListed', await countKeys(store, run), run.keys))
  for (const { name, bytes } of cluster.peakMemory()) {
    add(atMost(`memory of ${name}`, 'peakMemory', bytes, name === 'server' ? undefined : agentMemoryMax))
  }
}

/** Rejects at once when the run is to end: a request to a process that an interrupt ended as well waits long. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let onAbort: () => void = () => undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort)
  })
  try {
    signal.throwIfAborted()
    await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

type Add = (...checks: readonly Check[]) => void

/** The number has as many digits in every bucket, so that keys are equally long. */
function keyOf(index: number, under: number): string {
  const number = String(Math.floor(index / under)).padStart(8, '0')
  return `p${String(index % under).padStart(2, '0')}/${number}`
}

async function fill(cluster: ScaleCluster, run: ScaleRun): Promise<void> {
  const stores = await Promise.all(Array.from({ length: clients }, () => cluster.connect()))
  const [store] = stores
  if (store === undefined) return
  const options = (what: string, count: number): LoadOptions => ({
    stores,
    inFlight: run.inFlight,
    signal: run.signal,
    onProgress: run.onLoad(what, count),
  })
  const keys = async (bucket: string, count: number, under: number): Promise<void> => {
    await store.createBucket(bucket)
    await load(count, options(`keys in ${bucket}`, count), (store, index) =>
      store.put(bucket, keyOf(index, under), bodyOf(index)),
    )
  }
  const versions = async (at: typeof long, count: number): Promise<void> => {
    await load(count, options(`versions of ${at.bucket}/${at.key}`, count), (store, index) =>
      store.put(at.bucket, at.key, bodyOf(index)),
    )
  }
  await keys('few-keys', fewKeys, prefixes)
  await keys('many-prefixes', manyPrefixes * (fewKeys / prefixes), manyPrefixes)
  await keys('many-keys', run.keys, prefixes)
  await store.createBucket(long.bucket)
  await versions(short, fewVersions)
  await versions(long, run.versions)
  await store.createBucket(lowCapped.bucket, { policy: `global:${lowCap}` })
  await versions(lowCapped, lowCap + 1)
  await store.createBucket(highCap.bucket, { policy: `global:${run.versions}` })
  await versions(highCap, run.versions + 1)
}

/** PUTs of bodies that all differ. */
function putting(store: Store) {
  let index = 0
  return ({ bucket, key }: typeof long, options?: PutOptions): Operation =>
    async () =>
    () =>
      store.put(bucket, key, bodyOf(index++), options)
}

async function compareHistories(store: Store, meter: CostMeter, run: ScaleRun, add: Add): Promise<void> {
  const { repetitions, signal } = run
  const put = putting(store)
  const putWithContext =
    (at: typeof long): Operation =>
    async () => {
      const { context } = await store.head(at.bucket, at.key)
      return put(at, { context })()
    }
  const get =
    ({ bucket, key }: typeof long): Operation =>
    async () =>
    async () =>
      (await store.get(bucket, key)).bytes()
  const compare = (operation: (at: typeof long) => Operation) =>
    meter.compare(operation(short), operation(long), repetitions, signal)
  add(exactly('the long history', 'versions', await countVersions(store, long), run.versions))
  add(...compareCosts('PUT', await compare(put), traffic))
  add(...compareCosts('PUT with a context', await compare(putWithContext), traffic))
  add(...compareCosts('GET', await compare(get), traffic))
}

async function compareCaps(store: Store, meter: CostMeter, run: ScaleRun, add: Add): Promise<void> {
  const { repetitions, signal } = run
  const put = putting(store)
  const costs = await meter.compare(put(lowCapped), put(highCap), repetitions, signal)
  add(...compareCosts(`PUT at the cap (${lowCap}, ${run.versions})`, costs, traffic))
  add(exactly(`kept at the cap of ${lowCap}`, 'versions', await countVersions(store, lowCapped), lowCap))
  const kept = await countVersions(store, highCap)
  add(exactly(`kept at the cap of ${run.versions}`, 'versions', kept, run.versions))
}

async function countVersions(store: Store, { bucket, key }: typeof long): Promise<number> {
  let count = 0
  for await (const _ of store.versions(bucket, { prefix: key })) count++
  return count
}

async function compareListings(store: Store, meter: CostMeter, run: ScaleRun, add: Add): Promise<void> {
  const { repetitions, signal } = run
  const page =
    (what: 'keys' | 'versions', bucket: string, keys: number): Operation =>
    async () =>
    async () => {
      const startAfter = keyOf(keys >> 1, prefixes)
      const { entries } = await store.listPage(bucket, what, { startAfter, limit: pageKeys })
      if (entries.length !== pageKeys) throw new Error(`a page of ${entries.length} entries in ${bucket}`)
    }
  for (const what of ['keys', 'versions'] as const) {
    const costs = await meter.compare(
      page(what, 'few-keys', fewKeys),
      page(what, 'many-keys', run.keys),
      repetitions,
      signal,
    )
    add(...compareCosts(`a page of ${what} in the middle`, costs, rows))
  }
  const grouped =
    (bucket: string, expected: number): Operation =>
    async () =>
    async () => {
      const { entries } = await store.listPage(bucket, 'keys', { delimiter: '/', limit: 1000 })
      if (entries.length !== expected) throw new Error(`${entries.length} prefixes in ${bucket}`)
    }
  const ten = grouped('many-keys', prefixes)
  const small = await meter.compare(grouped('few-keys', prefixes), ten, repetitions, signal)
  add(...compareCosts(`LIST of ${prefixes} prefixes`, small, rows))
  const { short, long } = await meter.compare(
    grouped('many-prefixes', manyPrefixes),
    ten,
    repetitions,
    signal,
  )
  const perPrefix = [short.rowsRead / manyPrefixes, long.rowsRead / prefixes] as const
  add(
    compareValues(`LIST of ${manyPrefixes} and of ${prefixes} prefixes`, 'rowsPerPrefix', ...perPrefix, true),
  )
}

/** Lists the full bucket to its end: nothing is missed, and nothing comes twice or out of order. */
async function countKeys(store: Store, { keys, onLoad, signal }: ScaleRun): Promise<number> {
  const onProgress = onLoad('keys listed', keys)
  let count = 0
  let last = ''
  for await (const entry of store.list('many-keys', { signal })) {
    if (!('key' in entry) || entry.key <= last) throw new Error(`${JSON.stringify(entry)} came after ${last}`)
    last = entry.key
    onProgress(++count)
  }
  return count
}
