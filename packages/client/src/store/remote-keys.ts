import { isAccessKeyId } from '@torc/protocol/identifiers/access-key-id'
import type { Grant } from '@torc/protocol/messages/access'
import type { RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import type * as k from '@torc/protocol/store/access-keys'
import type { CallOptions } from '@torc/protocol/store/object-store'
import type { Caller } from '../connection/caller.js'
import { dateOf } from './answers.js'
import type { OperationIds } from './operation-ids.js'
import { again, limitsOf } from './requests.js'

/** The calls on access keys. All may be repeated: making a key by its operation id, the rest by its nature. */
export class RemoteKeys implements k.AccessKeyAdmin {
  readonly #caller: Caller
  readonly #opIds: OperationIds

  constructor(caller: Caller, opIds: OperationIds) {
    this.#caller = caller
    this.#opIds = opIds
  }

  async create(options: k.CreateAccessKeyOptions = {}): Promise<k.CreatedAccessKey> {
    const head: RequestOf<'createAccessKey'> = { opId: options.opId ?? this.#opIds.next() }
    if (options.name !== undefined) head.name = options.name
    if (options.admin !== undefined) head.admin = options.admin
    const answer = await this.#caller.call('createAccessKey', head, { ...limitsOf(options), writes: true })
    return { ...keyInfoOf(answer.head), secretKey: answer.head.secretKey }
  }

  async list(options: CallOptions = {}): Promise<readonly k.AccessKeyInfo[]> {
    const keys: k.AccessKeyInfo[] = []
    for (;;) {
      const after = keys.at(-1)?.accessKey
      const head: RequestOf<'listAccessKeys'> = after === undefined ? {} : { after }
      const page = (await this.#caller.call('listAccessKeys', head, limitsOf(options))).head
      keys.push(...page.keys.map(keyInfoOf))
      if (!page.more || page.keys.length === 0) return keys
    }
  }

  async show(accessKey?: string, options: CallOptions = {}): Promise<k.AccessKeyInfo> {
    const head: RequestOf<'getAccessKey'> = accessKey === undefined ? {} : { accessKey }
    return keyInfoOf((await this.#caller.call('getAccessKey', head, limitsOf(options))).head)
  }

  grant(accessKey: string, bucket: string, grants: readonly Grant[], options: CallOptions = {}) {
    return this.#change('grantAccess', { accessKey, bucket, grants: [...grants] }, options)
  }

  revoke(accessKey: string, bucket: string, grants: readonly Grant[], options: CallOptions = {}) {
    return this.#change('revokeAccess', { accessKey, bucket, grants: [...grants] }, options)
  }

  async delete(accessKey: string, options: CallOptions = {}): Promise<void> {
    const head: RequestOf<'deleteAccessKey'> = { accessKey }
    if (options.retry !== undefined) head.retry = options.retry
    await this.#caller.call('deleteAccessKey', head, { ...limitsOf(options), writes: true, repeat: again })
  }

  /** Of a gateway's connection alone: the secret of a key; undefined where there is no such key (any more). */
  async secretOf(accessKey: string, options: CallOptions = {}): Promise<string | undefined> {
    if (!isAccessKeyId(accessKey)) return undefined
    return (await this.#caller.call('getAccessSecret', { accessKey }, limitsOf(options))).head.secretKey
  }

  async #change(
    name: 'grantAccess' | 'revokeAccess',
    head: RequestOf<'grantAccess'>,
    options: CallOptions,
  ): Promise<k.BucketGrant> {
    const answer = await this.#caller.call(name, head, { ...limitsOf(options), writes: true })
    const { bucket, grants } = answer.head
    return { bucket, grants }
  }
}

function keyInfoOf(head: ResponseOf<'getAccessKey'>): k.AccessKeyInfo {
  const { accessKey, name, root, admin, createdAt, grants } = head
  return {
    ...{ accessKey, name, root, admin },
    createdAt: createdAt === undefined ? undefined : dateOf(createdAt),
    grants: grants.map(([bucket, granted]) => ({ bucket, grants: granted })),
  }
}
