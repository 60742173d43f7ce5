// The client's process of a run, started by `streams.ts`: argument and result are JSON.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect, type Store } from '@torc/client'

export interface ClientTask {
  readonly server: string
  readonly credentials: string
  readonly bucket: string
  readonly replicas: number
  readonly streams: number
  readonly bytes: number
}

export type ClientReport =
  | { readonly phase: 'put' | 'get'; readonly milliseconds: number }
  | { readonly error: string }

const pieceBytes = 256 * 1024
/** A connection takes 64 streams at once. */
const streamsPerConnection = 50
const timeoutMs = 120_000

/** Pieces that no other body has, so that every block is stored. */
async function* bodyOf(bytes: number, random: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; at += pieceBytes) {
    const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, bytes - at))
    random.copy(piece)
    randomBytes(16).copy(piece)
    yield piece
  }
}

async function run(task: ClientTask, report: (report: ClientReport) => void): Promise<void> {
  const { server, bucket, bytes, streams } = task
  const credentials = JSON.parse(readFileSync(task.credentials, 'utf8')) as {
    accessKey: string
    secretKey: string
  }
  const stores: Store[] = []
  for (let i = 0; i < streams; i += streamsPerConnection)
    stores.push(await connect({ servers: [server], credentials, timeoutMs }))
  const storeOf = (i: number): Store => stores[i % stores.length] as Store
  await storeOf(0).createBucket(bucket, { replicas: task.replicas })
  const random = randomBytes(pieceBytes)
  const all = async (phase: 'put' | 'get', one: (i: number) => Promise<void>): Promise<void> => {
    const startedMs = performance.now()
    await Promise.all(Array.from({ length: streams }, (_, i) => one(i)))
    report({ phase, milliseconds: performance.now() - startedMs })
  }
  await all('put', async i => {
    await storeOf(i).put(bucket, `stream/${i}`, bodyOf(bytes, random), { size: bytes })
  })
  await all('get', async i => {
    const object = await storeOf(i).get(bucket, `stream/${i}`)
    let received = 0
    // The client checks the digest of the whole at the end.
    for await (const piece of object.body) received += piece.length
    if (received !== bytes) throw new Error(`stream ${i} has ${received} of ${bytes} bytes`)
  })
  await Promise.all(stores.map(store => store.close()))
}

const send = (report: ClientReport): void => void process.send?.(report)
const [task] = process.argv.slice(2)
if (task !== undefined && process.send !== undefined) {
  try {
    await run(JSON.parse(task) as ClientTask, send)
    // The parent reads this process's peak before it lets it go.
    process.once('message', () => process.disconnect())
  } catch (error) {
    send({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    process.disconnect()
  }
}
