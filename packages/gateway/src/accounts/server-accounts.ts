import type { Admin } from '@torc/protocol/store/admin'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import type { Account, Accounts } from './accounts.js'

/** What a server in the same process offers: a call is checked as a request of that access key would be. */
export interface ServingStore {
  secretOf(accessKey: string): Promise<string | undefined>
  storeFor(accessKey: string): ObjectStore & Admin
  storeForAnonymous(): ObjectStore & Admin
}

/** How requests of nobody in particular show in logs. */
export const anonymousKey = 'anonymous'

const accountsMax = 1024

/** Whom the faces serve where the gateway runs inside a server. */
export class ServerAccounts implements Accounts {
  readonly #server: ServingStore
  /** A store of an access key holds nothing but who it is for: made once, as long as there are not too many. */
  readonly #accounts = new Map<string, Account>()
  readonly #anonymous: Account

  constructor(server: ServingStore) {
    this.#server = server
    this.#anonymous = { accessKey: anonymousKey, store: server.storeForAnonymous() }
  }

  secretOf(accessKey: string): Promise<string | undefined> {
    return this.#server.secretOf(accessKey)
  }

  async account(accessKey: string): Promise<Account> {
    const known = this.#accounts.get(accessKey)
    if (known !== undefined) return known
    if (this.#accounts.size >= accountsMax) this.#accounts.clear()
    const account = { accessKey, store: this.#server.storeFor(accessKey) }
    this.#accounts.set(accessKey, account)
    return account
  }

  async anonymous(): Promise<Account> {
    return this.#anonymous
  }
}
