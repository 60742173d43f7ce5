import { randomBytes, randomFillSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect, type Store } from '@torc/client'
import type { Sample } from '../measure/side.js'
import { serveWorker } from '../processes/worker.js'
import { freshBodies, keepInFlight, type LoadShape } from './load.js'

/** The load on a cluster: one process with one client, as an application would have it. */
let client: Store | undefined

function store(): Store {
  if (client === undefined) throw new Error('not connected')
  return client
}

let largeBody: Buffer | undefined
const pieceBytes = 256 * 1024

async function* piecesOf(data: Buffer): AsyncGenerator<Uint8Array> {
  for (let position = 0; position < data.length; position += pieceBytes) {
    yield data.subarray(position, position + pieceBytes)
  }
}

const commands = {
  async connect({ server, credentials }: { server: string; credentials: string }): Promise<void> {
    const { accessKey, secretKey } = JSON.parse(readFileSync(credentials, 'utf8')) as {
      accessKey: string
      secretKey: string
    }
    client = await connect({ servers: [server], credentials: { accessKey, secretKey } })
  },

  async createBucket({ bucket, replicas }: { bucket: string; replicas: number }): Promise<void> {
    await store().createBucket(bucket, { replicas })
  },

  /** New keys with random bodies. */
  putSmall(load: LoadShape & { readonly bodyBytes: number }): Promise<Sample> {
    const bodies = randomFillSync(Buffer.alloc(load.bodyBytes + 4096))
    const run = randomBytes(8).toString('hex')
    return keepInFlight(load, async index => {
      const start = index % 4096
      await store().put(load.bucket, `${run}/${index}`, bodies.subarray(start, start + load.bodyBytes))
    })
  },

  /** Makes the keys that `getSmall` reads. */
  async fill({
    bucket,
    keys,
    bodyBytes,
  }: {
    bucket: string
    keys: number
    bodyBytes: number
  }): Promise<void> {
    const body = randomBytes(bodyBytes)
    let next = 0
    const one = async (): Promise<void> => {
      while (next < keys) await store().put(bucket, `objects/${next++}`, body)
    }
    await Promise.all(Array.from({ length: 64 }, one))
  },

  getSmall(load: LoadShape & { readonly keys: number; readonly bodyBytes: number }): Promise<Sample> {
    return keepInFlight(load, async index => {
      const object = await store().get(load.bucket, `objects/${index % load.keys}`)
      const body = await object.bytes()
      if (body.length !== load.bodyBytes) throw new Error(`a body of ${body.length} bytes`)
    })
  },

  /** New keys whose bodies nobody has stored before, of any size. */
  putFresh(load: LoadShape & { readonly bodyBytes: number }): Promise<Sample> {
    const [run, bodyOf] = [randomBytes(8).toString('hex'), freshBodies(load)]
    return keepInFlight(load, async (index, slot) => {
      await store().put(load.bucket, `${run}/${index}`, bodyOf(index, slot))
    })
  },

  /** Reads bodies piece by piece, as they come. */
  readBodies(load: LoadShape & { readonly keys: number; readonly bodyBytes: number }): Promise<Sample> {
    return keepInFlight(load, async index => {
      const object = await store().get(load.bucket, `objects/${index % load.keys}`)
      let bytes = 0
      for await (const piece of object.body) bytes += piece.length
      if (bytes !== load.bodyBytes) throw new Error(`a body of ${bytes} bytes`)
    })
  },

  /** A body of fresh random bytes: no block of it is known to the cluster. */
  async putLarge({ bucket, key, bytes }: { bucket: string; key: string; bytes: number }): Promise<Sample> {
    if (largeBody?.length !== bytes) largeBody = Buffer.alloc(bytes)
    randomFillSync(largeBody)
    const startedMs = performance.now()
    await store().put(bucket, key, piecesOf(largeBody), { size: bytes })
    return { units: bytes, elapsedMs: performance.now() - startedMs }
  },

  /** Reads a body to its end; the client checks its SHA-256. */
  async getLarge({ bucket, key }: { bucket: string; key: string }): Promise<Sample> {
    const startedMs = performance.now()
    const object = await store().get(bucket, key)
    let units = 0
    for await (const piece of object.body) units += piece.length
    return { units, elapsedMs: performance.now() - startedMs }
  },
}

export type LoadWorker = typeof commands
serveWorker(commands)
