import { bucketRecord } from '../output/records.js'
import { defineCommand } from './command.js'
import { parseBucket } from './target.js'

export const bucketShow = defineCommand({
  name: 'bucket show',
  describe: "Show a bucket's settings",
  arguments: { bucket: { label: 'BUCKET', kind: 'bucket', required: true, doc: 'Bucket to show' } },
  options: {},
  examples: [{ line: 'bucket show photos', does: 'shows replicas, quorums and policy' }],
  async run({ arguments: { bucket }, output, signal, ...context }) {
    const store = await context.store()
    const info = await store.headBucket(parseBucket(bucket), { signal })
    if (output.json) output.record(bucketRecord(info))
    else {
      output.fields([
        ['bucket', info.bucket],
        ['created', info.createdAt.toISOString()],
        ['replicas', String(info.replicas)],
        ['read quorum', String(info.readQuorum)],
        ['write quorum', String(info.writeQuorum)],
        ['strict', info.strict ? 'yes' : 'no'],
        ['policy', info.policy],
      ])
    }
    return 0
  },
})
