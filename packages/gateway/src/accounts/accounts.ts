import type { Admin } from '@torc/protocol/store/admin'
import type { ObjectStore } from '@torc/protocol/store/object-store'

/** One user of the gateway's faces, and the store as that user's access key may use it. */
export interface Account {
  readonly accessKey: string
  readonly store: ObjectStore & Admin
}

/**
 * Whom the faces serve. Inside a server it is that server; standing alone, the gateway asks the cluster for secrets and
 * keeps a client for each access key. All grants are checked by the server, on each call.
 */
export interface Accounts {
  /** The secret with which a request of this key is signed; undefined where there is no such key (any more). */
  secretOf(accessKey: string): Promise<string | undefined>
  /** The store as this access key may use it. The caller has proved that the key is its own. */
  account(accessKey: string): Promise<Account>
  /** The store for whoever says nothing of who they are: reads of public buckets, and nothing else. */
  anonymous(): Promise<Account>
}
