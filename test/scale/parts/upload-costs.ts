import { createHash, randomBytes } from 'node:crypto'
import type { Store } from '@torc/client'
import { limits } from '@torc/protocol/limits'
import type { NamedPart } from '@torc/protocol/store/multipart'
import { load } from '../load.js'
import { atMost, type Check, compareCosts, exactly } from '../report/check.js'
import { ScaleCluster } from '../scale-cluster.js'
import { type Cost, type CostMeter, medianCost, type Quantity } from '../traffic/cost.js'
import { early, late, numbers, type PartsOptions } from './options.js'

export interface PartsRun extends Pick<PartsOptions, 'between' | 'partBytes' | 'inFlight' | 'folder'> {
  /** Ends the run; what it started is stopped and removed all the same. */
  readonly signal: AbortSignal
  readonly onLoad: (what: string, count: number) => (done: number) => void
}

const bucket = 'films'
const key = 'film'
const limited: readonly Quantity[] = ['rowsRead', 'rowsWritten', 'clientBytes', 'agentBytes']

/**
 * Uploads an object in parts to a cluster of real processes: a late part must cost what an early one does, and the
 * object must be what was uploaded.
 */
export async function runPartCosts(run: PartsRun): Promise<readonly Check[]> {
  const cluster = await ScaleCluster.start(run.folder)
  try {
    const upload = new MeasuredUpload(run, await cluster.meter())
    await upload.begin()
    const short = await upload.measure(early)
    await upload.fill()
    const long = await upload.measure(late)
    return [
      ...compareCosts('a part: the 10th and the 9,990th', { short, long }, limited),
      ...(await upload.end()),
    ]
  } finally {
    await cluster.stop()
  }
}

class MeasuredUpload {
  readonly #run: PartsRun
  readonly #store: Store
  readonly #meter: CostMeter
  readonly #noise: Buffer
  readonly #parts = new Map<number, NamedPart>()
  #id = ''

  constructor(run: PartsRun, { store, meter }: { readonly store: Store; readonly meter: CostMeter }) {
    this.#run = run
    this.#store = store
    this.#meter = meter
    this.#noise = randomBytes(run.partBytes)
  }

  async begin(): Promise<void> {
    await this.#store.createBucket(bucket)
    this.#id = (await this.#store.createUpload(bucket, key)).uploadId
    // What only the first ones do: connections, caches.
    for (const number of numbers(1, 2)) await this.#send(number)
  }

  /** The median cost of parts that are sent one by one. */
  async measure(partNumbers: readonly number[]): Promise<Cost> {
    const costs: Cost[] = []
    for (const number of partNumbers) {
      this.#run.signal.throwIfAborted()
      costs.push(await this.#meter.measure(() => this.#send(number)))
    }
    return medianCost(costs)
  }

  /** The parts between; two of the others are sent already, and three follow the late ones. */
  async fill(): Promise<void> {
    const rest = numbers(1, limits.objectPartsMax).filter(
      number => !this.#parts.has(number) && !late.includes(number),
    )
    const some = rest.slice(0, this.#run.between)
    const options = {
      ...this.#run,
      stores: [this.#store],
      onProgress: this.#run.onLoad('parts', some.length),
    }
    await load(some.length, options, (_, index) => this.#send(some[index] ?? 0))
  }

  async end(): Promise<Check[]> {
    const count = this.#parts.size
    let listed = 0
    for await (const { partNumber } of this.#store.parts(bucket, key, this.#id))
      if (this.#parts.has(partNumber)) listed++
    const parts = [...this.#parts.values()].sort((a, b) => a.partNumber - b.partNumber)
    const whole = createHash('sha256')
    for (const { partNumber } of parts) whole.update(this.#bodyOf(partNumber))
    const completion = await this.#meter.measure(() =>
      this.#store.completeUpload(bucket, key, this.#id, parts),
    )
    const object = await this.#store.get(bucket, key)
    const read = createHash('sha256')
    for await (const piece of object.body) read.update(piece)
    const same = read.digest('hex') === whole.digest('hex')
    let left = 0
    for await (const _ of this.#store.uploads(bucket)) left++
    return [
      exactly('parts that are listed', 'parts', listed, count),
      ...(['rowsRead', 'rowsWritten', 'agentBytes', 'milliseconds'] as const).map(quantity =>
        atMost(
          `the completion, for each of ${count} parts`,
          quantity,
          completion[quantity] / count,
          undefined,
        ),
      ),
      exactly('parts of the object', 'parts', object.parts?.length ?? 0, count),
      exactly('versions with the bytes of all parts', 'versions', same ? 1 : 0, 1),
      exactly('records of uploads that are left', 'versions', left, 0),
    ]
  }

  async #send(partNumber: number): Promise<void> {
    const { etag } = await this.#store.uploadPart(bucket, key, this.#id, partNumber, this.#bodyOf(partNumber))
    this.#parts.set(partNumber, { partNumber, etag })
  }

  /** No two parts are equal, so that each is a block of its own. */
  #bodyOf(partNumber: number): Buffer {
    const body = Buffer.from(this.#noise)
    body.writeUInt16BE(partNumber)
    return body
  }
}
