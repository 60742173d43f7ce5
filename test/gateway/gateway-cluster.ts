import { ServerAccounts } from '@torc/gateway/accounts/server-accounts'
import { type RunningGateway, startGateway } from '@torc/gateway/gateway'
import type { HttpBounds } from '@torc/gateway/http/bounds'
import { type Log, silentLog } from '@torc/protocol/environment/log'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { deriveRootKey } from '@torc/protocol/handshake/root-key'
import type { Address } from '@torc/protocol/transport/transport'
import { type MemoryCluster, startMemoryCluster } from '../uploads/memory-cluster.js'

export interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: RequestInit['body']
  /** As whom; the root key when absent, nobody when null. */
  readonly as?: { readonly accessKey: string; readonly secretKey: string } | null
}

/** A cluster in this process, with a gateway whose REST port real HTTP clients use. */
export interface GatewayCluster {
  readonly cluster: MemoryCluster
  readonly gateway: RunningGateway
  readonly rest: Address
  readonly rootKey: { readonly accessKey: string; readonly secretKey: string }
  /** `Authorization` of the root key. */
  readonly authorization: string
  send(path: string, sent?: Sent): Promise<Response>
  /** Sends, and reads the answer as JSON. */
  json(
    path: string,
    sent?: Sent,
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>
  stop(): Promise<void>
}

export async function startGatewayCluster(
  bounds: Partial<HttpBounds> = {},
  log: Log = silentLog,
): Promise<GatewayCluster> {
  const cluster = await startMemoryCluster()
  const { server } = cluster
  const rootKey = deriveRootKey(cluster.secret.secret)
  const gateway = await startGateway({
    accounts: new ServerAccounts(server),
    status: options => server.store.status(options),
    rest: { host: '127.0.0.1', port: 0 },
    ...{ bounds, version: '0.0.0', environment: systemEnvironment, log },
  })
  const { rest } = gateway
  if (rest === undefined) throw new Error('the gateway has no REST port')
  const bearer = (key: { accessKey: string; secretKey: string }): string =>
    `Bearer ${key.accessKey}:${key.secretKey}`
  const send = (path: string, { method = 'GET', headers = {}, body, as = rootKey }: Sent = {}) =>
    fetch(`http://${rest.host}:${rest.port}${path}`, {
      method,
      headers: { ...(as === null ? {} : { authorization: bearer(as) }), ...headers },
      redirect: 'manual',
      ...(body === undefined || body === null ? {} : { body, duplex: 'half' }),
    } as RequestInit)
  return {
    ...{ cluster, gateway, rest, rootKey, authorization: bearer(rootKey), send },
    async json(path, sent) {
      const response = await send(path, sent)
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    },
    async stop() {
      await gateway.close()
      await cluster.stop()
    },
  }
}
