import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { ServerAccounts } from '@torc/gateway/accounts/server-accounts'
import { createS3Face } from '@torc/gateway/s3/s3-face'
import { silentLog } from '@torc/protocol/environment/log'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { deriveRootKey } from '@torc/protocol/handshake/root-key'
import type { Admin } from '@torc/protocol/store/admin'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import { startMemoryCluster } from '../../uploads/memory-cluster.js'
import { signed } from './sign.js'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A server and three agents in this process, with the S3 face before them on a port of loopback. */
export interface S3Cluster {
  readonly port: number
  readonly endpoint: string
  readonly credentials: Credentials
  /** As the root key may use it. */
  readonly store: ObjectStore & Admin
  readonly client: S3Client
  clientWith(config: S3ClientConfig): S3Client
  /** A key of its own, with what it may do on a bucket. */
  createKey(bucket: string, grants: readonly ('read' | 'write' | 'owner')[]): Promise<Credentials>
  /** Asks for a URL at this cluster, whatever its host's name means to others. */
  fetchAs(url: string): Promise<{ readonly status: number | undefined; readonly text: string }>
  /** A request that is signed by hand, for what is no operation of the SDK. */
  signedFetch(method: string, url: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  stop(): Promise<void>
}

export async function startS3Cluster(): Promise<S3Cluster> {
  const cluster = await startMemoryCluster()
  const { server } = cluster
  const root = deriveRootKey(cluster.secret.secret)
  const face = createS3Face({
    accounts: new ServerAccounts(server),
    environment: systemEnvironment,
    domains: ['s3.test', 'localhost'],
  })
  let requests = 0
  const http = createServer((request, response) => {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    void face.answer(request, response, {
      requestId: `request-${++requests}`,
      log: silentLog,
      signal: gone.signal,
    })
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const endpoint = `http://127.0.0.1:${port}`
  const credentials = { accessKeyId: root.accessKey, secretAccessKey: root.secretKey }
  const clients: S3Client[] = []
  const clientWith = (config: S3ClientConfig): S3Client => {
    const common = { endpoint, credentials, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 }
    const made = new S3Client({ ...common, ...config })
    clients.push(made)
    return made
  }
  return {
    ...{ port, endpoint, credentials, store: server.store, client: clientWith({}), clientWith },
    async createKey(bucket, grants) {
      const { accessKey, secretKey } = await server.store.keys.create()
      if (grants.length > 0) await server.store.keys.grant(accessKey, bucket, grants)
      return { accessKeyId: accessKey, secretAccessKey: secretKey }
    },
    fetchAs: url => fetchAt(port, new URL(url)),
    signedFetch(method, url, headers = {}) {
      const { host, pathname, search } = new URL(url)
      const target = pathname + search
      const ours = signed({ method, target, headers: { ...headers, host }, credentials })
      return fetch(url, { method, headers: ours.headers })
    },
    async stop() {
      for (const client of clients) client.destroy()
      await closed(http)
      await cluster.stop()
    },
  }
}

async function fetchAt(port: number, { host, pathname, search }: URL) {
  const options = { host: '127.0.0.1', port, path: pathname + search, headers: { host } }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest(options, resolve).on('error', reject).end()
  })
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece)
  return { status: response.statusCode, text: Buffer.concat(pieces).toString() }
}

function closed(http: Server): Promise<void> {
  http.closeAllConnections()
  return new Promise(resolve => http.close(() => resolve()))
}
