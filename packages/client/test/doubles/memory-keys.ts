import { TorcError } from '@torc/protocol/errors'
import { grants as allGrants, type Grant } from '@torc/protocol/messages/access'
import type * as k from '@torc/protocol/store/access-keys'

const rootKey: k.AccessKeyInfo = {
  ...{ accessKey: 'TORCAAAAAAAAAAAAAAAA', name: 'root', root: true, admin: true, createdAt: undefined },
  grants: [{ bucket: '*', grants: allGrants }],
}

/** Access keys of a store that is not there; nobody is ever denied anything by them. */
export class MemoryKeys implements k.AccessKeyAdmin {
  readonly #held = new Map<string, k.AccessKeyInfo>([[rootKey.accessKey, rootKey]])
  readonly #checkBucket: (bucket: string) => void
  /** Ids of the keys to come. */
  nextIds = ['TKAAAAAAAAAAAAAAAAAA', 'TKAAAAAAAABBBBBBBBBB', 'TKCCCCCCCCCCCCCCCCCC']

  constructor(checkBucket: (bucket: string) => void) {
    this.#checkBucket = checkBucket
  }

  async create({ name = '', admin = false }: k.CreateAccessKeyOptions = {}): Promise<k.CreatedAccessKey> {
    const createdAt = new Date(Date.UTC(2026, 0, 2, 3, 4, 5))
    const accessKey = this.nextIds.shift() ?? ''
    const made = { accessKey, name, root: false, admin, createdAt, grants: [] }
    this.#held.set(accessKey, made)
    return { ...made, secretKey: `secret-of-${accessKey}` }
  }

  async list(): Promise<readonly k.AccessKeyInfo[]> {
    return [...this.#held.values()]
  }

  async show(accessKey = rootKey.accessKey): Promise<k.AccessKeyInfo> {
    const found = this.#held.get(accessKey)
    if (found === undefined) throw new TorcError('KEY_NOT_FOUND', `there is no access key ${accessKey}`)
    return found
  }

  async grant(accessKey: string, bucket: string, more: readonly Grant[]): Promise<k.BucketGrant> {
    if (bucket !== '*') this.#checkBucket(bucket)
    return this.#change(accessKey, bucket, had =>
      allGrants.filter(grant => had.includes(grant) || more.includes(grant)),
    )
  }

  async revoke(accessKey: string, bucket: string, less: readonly Grant[]): Promise<k.BucketGrant> {
    return this.#change(accessKey, bucket, had => had.filter(grant => !less.includes(grant)))
  }

  async delete(accessKey: string): Promise<void> {
    await this.show(accessKey)
    this.#held.delete(accessKey)
  }

  async #change(
    accessKey: string,
    bucket: string,
    decide: (had: readonly Grant[]) => readonly Grant[],
  ): Promise<k.BucketGrant> {
    const key = await this.show(accessKey)
    const had = key.grants.find(grant => grant.bucket === bucket)
    const now = { bucket, grants: decide(had?.grants ?? []) }
    const others = key.grants.filter(grant => grant !== had)
    this.#held.set(accessKey, { ...key, grants: now.grants.length === 0 ? others : [...others, now] })
    return now
  }
}
