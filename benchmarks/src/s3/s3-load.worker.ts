import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Sample } from '../measure/side.js'
import { serveWorker } from '../processes/worker.js'
import { freshBodies, keepInFlight, type LoadShape } from '../torc/load.js'
import { HttpConnection } from './http-connection.js'
import { SignedHeads } from './signed-head.js'

/** The load on the S3 face: one process, one connection for each request in flight. */
let heads: SignedHeads | undefined
let connections: HttpConnection[] = []

function ask(slot: number, method: 'GET' | 'PUT', path: string, body?: Uint8Array): Promise<number> {
  const connection = connections[slot]
  if (connection === undefined || heads === undefined) throw new Error('not connected')
  return connection.ask(heads.head(method, path, body?.length), body)
}

const commands = {
  connect({
    s3,
    credentials,
    inFlight,
  }: {
    readonly s3: string
    readonly credentials: string
    readonly inFlight: number
  }): void {
    const keys = JSON.parse(readFileSync(credentials, 'utf8')) as { accessKey: string; secretKey: string }
    const { hostname, port, host } = new URL(s3)
    heads = new SignedHeads({ host, ...keys }, new Date())
    connections = Array.from({ length: inFlight }, () => new HttpConnection(hostname, Number(port)))
  },

  /** New keys whose bodies nobody has stored before. */
  putFresh(load: LoadShape & { readonly bodyBytes: number }): Promise<Sample> {
    const [run, bodyOf] = [randomBytes(8).toString('hex'), freshBodies(load)]
    return keepInFlight(load, async (index, slot) => {
      await ask(slot, 'PUT', `/${load.bucket}/${run}/${index}`, bodyOf(index, slot))
    })
  },

  readBodies(load: LoadShape & { readonly keys: number; readonly bodyBytes: number }): Promise<Sample> {
    return keepInFlight(load, async (index, slot) => {
      const bytes = await ask(slot, 'GET', `/${load.bucket}/objects/${index % load.keys}`)
      if (bytes !== load.bodyBytes) throw new Error(`a body of ${bytes} bytes`)
    })
  },
}

export type S3LoadWorker = typeof commands
serveWorker(commands)
