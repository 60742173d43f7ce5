import type { Clock } from '@torc/protocol/environment/clock'
import type { Log } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import type { Account, Accounts } from './accounts.js'
import { type ClosableStore, KeptClient, type UsedStore } from './kept-client.js'
import { publicReads } from './public-reads.js'
import { anonymousKey } from './server-accounts.js'

/** What a gateway that stands alone asks the cluster. */
export interface ClusterLink {
  /** As the gateway itself may use it. */
  readonly store: UsedStore
  secretOf(accessKey: string): Promise<string | undefined>
}

export interface RemoteAccountsOptions {
  readonly cluster: ClusterLink
  /** A client of the cluster as this access key. */
  readonly connect: (accessKey: string, secretKey: string) => Promise<ClosableStore>
  readonly clock: Clock
  readonly log: Log
  /** Access keys that are served at once; more is OVERLOADED. 256 when absent. */
  readonly clientsMax?: number | undefined
}

const clientsMaxDefault = 256
/** A client without a call for so long is closed, milliseconds. */
const idleMs = 60_000
const sweepMs = 15_000
/**
 * Secrets are believed for so long, milliseconds. What a key may do is asked of the server with each call, so that one
 * that was deleted does nothing in that time either.
 */
const secretFreshMs = 5_000
const secretsMax = 4096

/**
 * Whom a gateway serves that stands alone: it asks the cluster for the secrets of access keys, and keeps a client for
 * each key that is used, so that the server judges each call as one of that key.
 */
export class RemoteAccounts implements Accounts {
  readonly #options: RemoteAccountsOptions
  readonly #anonymous: Account
  /** The one that was used longest ago comes first. */
  readonly #clients = new Map<string, KeptClient>()
  readonly #secrets = new Map<string, { readonly secret: string; readonly readMs: number }>()
  #cancelSweep: () => void

  constructor(options: RemoteAccountsOptions) {
    this.#options = options
    this.#anonymous = { accessKey: anonymousKey, store: publicReads(options.cluster.store) }
    this.#cancelSweep = options.clock.after(sweepMs, () => this.#sweep())
  }

  async secretOf(accessKey: string): Promise<string | undefined> {
    const nowMs = this.#options.clock.monotonicMs()
    const known = this.#secrets.get(accessKey)
    if (known !== undefined && nowMs - known.readMs < secretFreshMs) return known.secret
    this.#secrets.delete(accessKey)
    const secret = await this.#options.cluster.secretOf(accessKey)
    // Of a key that is not there nothing is remembered: it may be made at any time.
    if (secret !== undefined) {
      this.#secrets.set(accessKey, { secret, readMs: nowMs })
      const [oldest] = this.#secrets.keys()
      if (this.#secrets.size > secretsMax && oldest !== undefined) this.#secrets.delete(oldest)
    }
    return secret
  }

  async account(accessKey: string): Promise<Account> {
    const client = this.#clients.get(accessKey) ?? this.#made(accessKey)
    this.#clients.delete(accessKey)
    this.#clients.set(accessKey, client)
    client.touch()
    return { accessKey, store: client.store }
  }

  async anonymous(): Promise<Account> {
    return this.#anonymous
  }

  /** How many access keys have connections. */
  get connected(): number {
    return [...this.#clients.values()].filter(client => client.connected).length
  }

  async close(): Promise<void> {
    this.#cancelSweep()
    const clients = [...this.#clients.values()]
    this.#clients.clear()
    await Promise.all(clients.map(client => client.close()))
  }

  #made(accessKey: string): KeptClient {
    const { connect, clock, log, clientsMax = clientsMaxDefault } = this.#options
    if (this.#clients.size >= clientsMax) this.#makeRoom(clientsMax)
    return new KeptClient({
      connect: async () => {
        const secret = await this.secretOf(accessKey)
        if (secret === undefined)
          throw new TorcError('DENIED', `the access key ${accessKey} is unknown or was deleted`)
        return await connect(accessKey, secret)
      },
      nowMs: () => clock.monotonicMs(),
      onCloseFailed: thrown => log.debug({ accessKey, err: thrown }, 'a client did not close well'),
    })
  }

  #makeRoom(clientsMax: number): void {
    for (const [accessKey, client] of this.#clients) {
      if (client.idleMs === 0) continue
      this.#forget(accessKey, client)
      return
    }
    throw new TorcError('OVERLOADED', `${clientsMax} access keys are in use at once`)
  }

  #sweep(): void {
    for (const [accessKey, client] of [...this.#clients])
      if (client.idleMs > idleMs) this.#forget(accessKey, client)
    this.#cancelSweep = this.#options.clock.after(sweepMs, () => this.#sweep())
  }

  #forget(accessKey: string, client: KeptClient): void {
    this.#clients.delete(accessKey)
    // Whoever holds its store still connects anew with the next call.
    client.retire()
  }
}
