import { reportBucket } from './bucket-report.js'
import { defineCommand } from './command.js'
import { parseBucket } from './target.js'

export const bucketShow = defineCommand({
  name: 'bucket show',
  describe: "Show a bucket's settings",
  arguments: { bucket: { label: 'BUCKET', kind: 'bucket', required: true, doc: 'Bucket to show' } },
  options: {},
  examples: [
    { line: 'bucket show photos', does: 'shows replicas, quorums, policy, versioning and the like' },
  ],
  async run({ arguments: { bucket }, output, signal, ...context }) {
    const store = await context.store()
    const info = await store.headBucket(parseBucket(bucket), { signal })
    reportBucket(output, info)
    return 0
  },
})
