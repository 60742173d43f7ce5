import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { Accounts } from '@torc/gateway/accounts/accounts'
import { createS3Face } from '@torc/gateway/s3/s3-face'
import { startAgent } from '@torc/node-agent/agent'
import { MemoryDisk } from '@torc/node-agent/disk/memory-disk'
import { silentLog } from '@torc/protocol/environment/log'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { deriveRootKey } from '@torc/protocol/handshake/root-key'
import type { Admin } from '@torc/protocol/store/admin'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import { memoryTransport } from '@torc/protocol/transport/memory'
import { parseAddress } from '@torc/protocol/transport/transport'
import { type RunningServer, startServer } from '@torc/server/start-server'
import { signed } from './sign.js'

const agentNames = ['agent-1', 'agent-2', 'agent-3']

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
  const environment = systemEnvironment
  const transport = memoryTransport(environment.clock)
  const secret = { clusterId: 'cd'.repeat(16), secret: Buffer.alloc(32, 7) }
  const shared = { transport, environment, log: silentLog, advertise: undefined }
  const listen = { host: '127.0.0.1', port: 0 }
  const server = await startServer({ ...shared, secret, listen, join: [], name: 'server', sharedRoots: [] })
  const address = parseAddress(server.address)
  if (address === undefined) throw new Error(`no address: ${server.address}`)
  const agents = await Promise.all(
    agentNames.map(name =>
      startAgent({
        ...{ ...shared, ...secret, listen, join: [address], name },
        ...{ data: new MemoryDisk(name), zone: '', capacity: 4 * 1024 ** 3 },
      }),
    ),
  )
  await untilAlive(server.store)
  await server.store.initLayout({ agents: agentNames.length })
  const root = deriveRootKey(secret.secret)
  const face = createS3Face({
    accounts: accountsOf(server),
    environment,
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
      await server.close()
      for (const agent of agents) await agent.close()
    },
  }
}

function accountsOf(server: RunningServer): Accounts {
  return {
    secretOf: accessKey => server.secretOf(accessKey),
    account: async accessKey => ({ accessKey, store: server.storeFor(accessKey) }),
    anonymous: async () => ({ accessKey: '', store: server.storeForAnonymous() }),
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

async function untilAlive(store: Admin): Promise<void> {
  const deadlineMs = performance.now() + 30_000
  for (;;) {
    const { members } = await store.status()
    const alive = members.filter(({ role, state }) => role === 'agent' && state === 'alive')
    if (alive.length === agentNames.length) return
    if (performance.now() > deadlineMs) throw new Error(`${alive.length} agents are alive after 30 s`)
    await new Promise(setImmediate)
  }
}

function closed(http: Server): Promise<void> {
  http.closeAllConnections()
  return new Promise(resolve => http.close(() => resolve()))
}
