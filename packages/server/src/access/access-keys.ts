import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'
import { handshakeSecretOf } from '@torc/protocol/handshake/root-key'
import { isMadeAccessKeyId } from '@torc/protocol/identifiers/access-key-id'
import type { ControlCall, ControlStore } from '../buckets/control-store.js'
import { RecordCache, saysNothing } from '../buckets/record-cache.js'
import type { StoredGrant } from './access-key-record.js'
import type { SecretSeals } from './secret-seals.js'

/** What an access key may do, as requests look it up. */
export interface AccessKeyView {
  readonly id: string
  readonly admin: boolean
  readonly grants: ReadonlyMap<string, StoredGrant>
  readonly secretKey: string
  /** What a client proves in its handshake. */
  readonly secret: Uint8Array
}

/** Access keys by id, from memory for a moment, then from the control store again. */
export class AccessKeys {
  readonly #store: ControlStore
  readonly #seals: SecretSeals
  /** Undefined: deleted. Of a key that never was nothing is remembered, as it may be made at any time. */
  readonly #views: RecordCache<AccessKeyView | undefined>

  /** `hearsNews` as of `RecordCache`. */
  constructor(store: ControlStore, clock: Clock, seals: SecretSeals, hearsNews?: () => boolean) {
    this.#store = store
    this.#seals = seals
    this.#views = new RecordCache(clock, (id, call) => this.#load(id, call), hearsNews)
  }

  /** At once where the record is fresh. DENIED where there is no such key, UNAVAILABLE where nobody can tell. */
  find(id: string, call: ControlCall): AccessKeyView | Promise<AccessKeyView> {
    // Nobody makes servers read records of ids that no key can have.
    if (!isMadeAccessKeyId(id)) throw unknownKey(id)
    const found = this.#views.find(id, call)
    if (!(found instanceof Promise)) return known(id, found)
    return found.then(
      view => known(id, view),
      (thrown: unknown) => {
        throw readFailure(TorcError.from(thrown))
      },
    )
  }

  /** Drops what is remembered of a key. */
  forget(id: string): void {
    this.#views.forget(id)
  }

  /** Drops everything. */
  forgetAll(): void {
    this.#views.forgetAll()
  }

  async #load(id: string, call: ControlCall): Promise<AccessKeyView | undefined> {
    const stored = await this.#store.getAccessKey(id, call)
    if (stored === undefined) throw unknownKey(id)
    const { deleted, admin, grants, sealedSecret } = stored.record
    if (deleted) return undefined
    const secretKey = this.#seals.open(id, sealedSecret)
    const granted = new Map(grants.map(grant => [grant.bucket, grant]))
    return { id, admin, grants: granted, secretKey, secret: handshakeSecretOf(secretKey) }
  }
}

function known(id: string, view: AccessKeyView | undefined): AccessKeyView {
  if (view === undefined) throw unknownKey(id)
  return view
}

function unknownKey(id: string): TorcError {
  return new TorcError('DENIED', `the access key ${id} is unknown or was deleted`)
}

/** Whoever asks can't do anything about the layout or the owners of the record: all of it is "not now". */
function readFailure(error: TorcError): TorcError {
  if (!saysNothing(error)) return error
  return new TorcError('UNAVAILABLE', `access keys can't be read now: ${error.message}`, {
    hint: error.hint,
    cause: error,
  })
}
