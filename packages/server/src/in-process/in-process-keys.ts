import { hybridToDate } from '@torc/cluster/clocks/hybrid-clock'
import { makeOperationId } from '@torc/protocol/identifiers/operation-id'
import type { Grant } from '@torc/protocol/messages/access'
import { accessKeyId, bucketOrAll, displayName } from '@torc/protocol/messages/fields'
import type * as k from '@torc/protocol/store/access-keys'
import type { CallOptions } from '@torc/protocol/store/object-store'
import type { AccessKeyDescription, AccessKeyFlow } from '../access/access-key-flow.js'
import type { Principal } from '../access/principal.js'
import type { Coordination } from '../core/coordination.js'

/** Access keys in the coordinator's own process, where the root key asks. */
export class InProcessKeys implements k.AccessKeyAdmin {
  readonly #c: Coordination
  readonly #flow: AccessKeyFlow
  readonly #root: Principal

  constructor(c: Coordination, flow: AccessKeyFlow, root: Principal) {
    this.#c = c
    this.#flow = flow
    this.#root = root
  }

  async create(options: k.CreateAccessKeyOptions = {}): Promise<k.CreatedAccessKey> {
    const opId = options.opId ?? makeOperationId(this.#c.environment.random)
    const name = displayName.check(options.name ?? '', 'name')
    const made = await this.#flow.create(opId, name, options.admin === true, options)
    return { ...keyInfo(made), secretKey: made.secretKey }
  }

  async list(options: CallOptions = {}): Promise<readonly k.AccessKeyInfo[]> {
    const keys: AccessKeyDescription[] = []
    for (;;) {
      const page = await this.#flow.list(keys.at(-1)?.id, options)
      keys.push(...page.keys)
      if (!page.more) return keys.map(keyInfo)
    }
  }

  async show(accessKey?: string, options: CallOptions = {}): Promise<k.AccessKeyInfo> {
    const id = accessKey === undefined ? this.#root : accessKeyId.check(accessKey, 'accessKey')
    return keyInfo(await this.#flow.show(id, options))
  }

  async grant(
    accessKey: string,
    bucket: string,
    grants: readonly Grant[],
    options: CallOptions = {},
  ): Promise<k.BucketGrant> {
    checkNames(accessKey, bucket)
    return { bucket, grants: await this.#flow.grant(accessKey, bucket, grants, options) }
  }

  async revoke(
    accessKey: string,
    bucket: string,
    grants: readonly Grant[],
    options: CallOptions = {},
  ): Promise<k.BucketGrant> {
    checkNames(accessKey, bucket)
    return { bucket, grants: await this.#flow.revoke(accessKey, bucket, grants, options) }
  }

  async delete(accessKey: string, options: CallOptions = {}): Promise<void> {
    accessKeyId.check(accessKey, 'accessKey')
    await this.#flow.delete(accessKey, options.retry === true, options)
  }
}

function checkNames(accessKey: string, bucket: string): void {
  accessKeyId.check(accessKey, 'accessKey')
  bucketOrAll.check(bucket, 'bucket')
}

function keyInfo(key: AccessKeyDescription): k.AccessKeyInfo {
  const { id, name, root, admin, createdAt, grants } = key
  const made = createdAt === undefined ? undefined : hybridToDate(createdAt)
  return { accessKey: id, name, root, admin, createdAt: made, grants }
}
