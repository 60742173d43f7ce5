import type { BucketInfo } from '@torc/protocol/store/object-store'
import type { Output } from '../output/output.js'
import { bucketRecord } from '../output/records.js'

const origins = {
  bucket: '',
  cluster: ' (of the cluster)',
  default: ' (the default: nobody set one)',
} as const

const cuttings = {
  fixed: 'fixed (blocks of 1 MiB)',
  content: 'content (blocks of about 1 MiB, where the content says so)',
} as const

const compressions = {
  none: 'none',
  brotli: 'brotli (of new blocks, where it saves a tenth or more)',
} as const

export function reportBucket(output: Output, info: BucketInfo): void {
  if (output.json) {
    output.record(bucketRecord(info))
    return
  }
  output.fields([
    ['bucket', info.bucket],
    ['created', info.createdAt.toISOString()],
    ['replicas', String(info.replicas)],
    ['read quorum', String(info.readQuorum)],
    ['write quorum', String(info.writeQuorum)],
    ['strict', info.strict ? 'yes' : 'no'],
    ['policy', info.policy + origins[info.policyFrom]],
    ['cutting', cuttings[info.cutting]],
    ['compression', compressions[info.compression]],
    ['versioning', info.versioning],
    ['public read', info.publicRead ? 'yes' : 'no'],
    ...Object.entries(info.tags).map(([name, value]): [string, string] => ['tag', `${name} = ${value}`]),
  ])
}
