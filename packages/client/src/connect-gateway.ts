import type { Identity } from '@torc/protocol/handshake/identity'
import { limits } from '@torc/protocol/limits'
import type { CallOptions } from '@torc/protocol/store/object-store'
import { addressOf, type ConnectOptions, openStore } from './connect.js'
import type { Store } from './store/remote-store.js'

export interface GatewayOptions
  extends Omit<ConnectOptions, 'servers' | 'credentials' | 'profile' | 'variables'> {
  /** `host:port` of the servers. */
  readonly servers: readonly string[]
  /** What all nodes of the cluster share. */
  readonly secret: { readonly clusterId: string; readonly secret: Uint8Array }
  /** Unlike that of any other node, 1 to 64 bytes. */
  readonly id: string
  readonly name: string
}

/** A gateway's connections to the servers of its cluster. */
export interface GatewayConnection {
  /** As the root key may use it: whom the gateway serves, and with what, is for the gateway to check. */
  readonly store: Store
  /**
   * The secret of an access key (the root key's too); undefined where there is no such key (any more), UNAVAILABLE where
   * the servers can't tell. It crosses the connection as it is: use TLS where others can listen.
   */
  secretOf(accessKey: string, options?: CallOptions): Promise<string | undefined>
  close(): Promise<void>
}

/** Connects as a gateway that stands alone, which proves the cluster's secret; otherwise as `connect`. */
export async function connectGateway(options: GatewayOptions): Promise<GatewayConnection> {
  const { secret, id, name, servers, timeoutMs = limits.requestMs, tls } = options
  const identity: Identity = { role: 'gateway', id, name, address: '', ...secret }
  const store = await openStore(identity, { ...options, servers: servers.map(addressOf), timeoutMs, tls })
  return {
    store,
    secretOf: (accessKey, call) => store.keys.secretOf(accessKey, call),
    close: () => store.close(),
  }
}
