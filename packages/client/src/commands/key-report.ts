import { allBuckets } from '@torc/protocol/messages/access'
import type { AccessKeyInfo, BucketGrant } from '@torc/protocol/store/access-keys'
import { printable } from '../output/format.js'
import type { Output } from '../output/output.js'
import { accessKeyRecord, bucketGrantRecord } from '../output/records.js'

/** A key and what it may do, in full. */
export function reportKey(output: Output, key: AccessKeyInfo): void {
  if (output.json) {
    output.record(accessKeyRecord(key))
    return
  }
  output.fields([
    ['access key', key.accessKey],
    ['name', shownName(key)],
    ['created', key.createdAt?.toISOString() ?? '- (follows from the secret of the cluster)'],
    ['administers', key.admin ? 'yes' : 'no'],
  ])
  output.table(
    ['bucket', 'grants'],
    key.grants.map(({ bucket, grants }) => [bucket, grants.join(',')]),
  )
}

export function shownName({ name }: AccessKeyInfo): string {
  return name === '' ? '-' : printable(name)
}

/** `photos:read,write *:owner` */
export function shownGrants(grants: readonly BucketGrant[]): string {
  if (grants.length === 0) return '-'
  return grants.map(({ bucket, grants }) => `${bucket}:${grants.join(',')}`).join(' ')
}

/** What a key may do with a bucket after a change. */
export function reportGrant(output: Output, accessKey: string, grant: BucketGrant): void {
  if (output.json) {
    output.record(bucketGrantRecord(accessKey, grant))
    return
  }
  const where = grant.bucket === allBuckets ? 'all buckets' : grant.bucket
  const what = grant.grants.length === 0 ? 'nothing' : grant.grants.join(', ')
  output.summary(`${accessKey} has on ${where}: ${what}`)
}
