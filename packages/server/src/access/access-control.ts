import { TorcError } from '@torc/protocol/errors'
import { type Access, allBuckets, type Requirement, requirementsOf } from '@torc/protocol/messages/access'
import { messages, type UserMessageName } from '@torc/protocol/messages/table'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Buckets } from '../buckets/buckets.js'
import type { StoredGrant } from './access-key-record.js'
import type { AccessKeys, AccessKeyView } from './access-keys.js'
import { checkAnonymous } from './anonymous-access.js'
import { anonymous, type Principal } from './principal.js'

/**
 * The one place that decides what an access key may do. Asked for each request, never for a connection, so that a key
 * that is changed or deleted loses what it lost within the age of its record in `AccessKeys`.
 */
export class AccessControl {
  /** May do everything, whatever the records say or whether there are any. */
  readonly root: Principal
  readonly #accessKeys: Pick<AccessKeys, 'find'>
  readonly #buckets: Pick<Buckets, 'find'>

  constructor(root: Principal, accessKeys: Pick<AccessKeys, 'find'>, buckets: Pick<Buckets, 'find'>) {
    this.root = root
    this.#accessKeys = accessKeys
    this.#buckets = buckets
  }

  /** DENIED where the key may not do this; a promise only where records must be read first. */
  check(
    principal: Principal,
    message: UserMessageName,
    head: Readonly<Record<string, unknown>>,
  ): undefined | Promise<void> {
    if (principal === this.root) return undefined
    if (principal === anonymous) return checkAnonymous(this.#buckets, message, head)
    const { access }: { readonly access: Access } = messages[message]
    const requirements = requirementsOf(access, head)
    const found = this.#accessKeys.find(principal, {})
    if (found instanceof Promise) return found.then(key => this.#require(key, requirements))
    return this.#require(found, requirements)
  }

  /** Those of a list of buckets that the key has any grant on. */
  async seen<B>(principal: Principal, buckets: readonly B[], nameOf: (bucket: B) => string): Promise<B[]> {
    if (principal === this.root) return [...buckets]
    const key = await this.#accessKeys.find(principal, {})
    const seen: B[] = []
    for (const bucket of buckets) if (await this.#sees(key, nameOf(bucket))) seen.push(bucket)
    return seen
  }

  async #sees(key: AccessKeyView, bucket: string): Promise<boolean> {
    try {
      await this.#requireOne(key, { needs: 'some', bucket, orAdmin: false })
      return true
    } catch (thrown) {
      if (TorcError.from(thrown).code === 'DENIED') return false
      throw thrown
    }
  }

  #require(key: AccessKeyView, [first, ...others]: readonly Requirement[]): undefined | Promise<void> {
    if (first === undefined) return undefined
    const waits = this.#requireOne(key, first)
    return waits === undefined ? this.#require(key, others) : waits.then(() => this.#require(key, others))
  }

  #requireOne(key: AccessKeyView, requirement: Requirement): undefined | Promise<void> {
    if (requirement.needs === 'admin') {
      if (!key.admin) throw notAdmin(key)
      return undefined
    }
    const { bucket, orAdmin } = requirement
    if (orAdmin && key.admin) return undefined
    if (allows(key.grants.get(allBuckets), requirement.needs)) return undefined
    const grant = key.grants.get(bucket)
    if (bucket === allBuckets || grant === undefined || !allows(grant, requirement.needs))
      throw notGranted(key, requirement)
    const found = this.#buckets.find(bucket, {})
    if (!(found instanceof Promise)) {
      if (!isOf(grant, found)) throw notGranted(key, requirement)
      return undefined
    }
    return found.then(
      view => {
        if (!isOf(grant, view)) throw notGranted(key, requirement)
      },
      (thrown: unknown) => {
        // Nobody learns by a grant on a bucket that is gone whether there is another one of its name.
        throw TorcError.from(thrown).code === 'BUCKET_NOT_FOUND' ? notGranted(key, requirement) : thrown
      },
    )
  }
}

type BucketRequirement = Exclude<Requirement, { needs: 'admin' }>

function allows(grant: StoredGrant | undefined, needs: BucketRequirement['needs']): boolean {
  return grant !== undefined && (needs === 'some' || grant.grants.includes(needs))
}

/** A grant is of the bucket that was there when it was given, not of a later one of the same name. */
function isOf({ bucketId }: StoredGrant, { id }: BucketView): boolean {
  return Buffer.compare(bucketId, id) === 0
}

function notAdmin({ id }: AccessKeyView): TorcError {
  return new TorcError('DENIED', `the access key ${id} may not administer the cluster`, {
    hint: 'Use the root key, or one that was made with `torc key create --admin`.',
  })
}

/** The same whether the bucket is there or not. */
function notGranted({ id }: AccessKeyView, { needs, bucket }: BucketRequirement): TorcError {
  const [what, flag] = needs === 'some' ? ['no grant', 'read'] : [`no ${needs} grant`, needs]
  const [where, name, whom] =
    bucket === allBuckets
      ? ['all buckets', "'*'", 'an operator']
      : [`bucket ${bucket}`, bucket, 'an operator, or whoever owns the bucket']
  return new TorcError('DENIED', `the access key ${id} has ${what} on ${where}`, {
    hint: `Ask ${whom}: torc key grant ${id} ${name} --${flag}`,
  })
}
