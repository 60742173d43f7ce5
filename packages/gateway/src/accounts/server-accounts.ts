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

/** Whom the faces serve where the gateway runs inside a server. */
export class ServerAccounts implements Accounts {
  readonly #server: ServingStore

  constructor(server: ServingStore) {
    this.#server = server
  }

  secretOf(accessKey: string): Promise<string | undefined> {
    return this.#server.secretOf(accessKey)
  }

  async account(accessKey: string): Promise<Account> {
    return { accessKey, store: this.#server.storeFor(accessKey) }
  }

  async anonymous(): Promise<Account> {
    return { accessKey: anonymousKey, store: this.#server.storeForAnonymous() }
  }
}
