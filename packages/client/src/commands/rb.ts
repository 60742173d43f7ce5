import { defineCommand } from './command.js'
import { parseBucket } from './target.js'

export const rb = defineCommand({
  name: 'rb',
  describe: 'Remove a bucket',
  arguments: { bucket: { label: 'BUCKET', kind: 'bucket', required: true, doc: 'Bucket to remove' } },
  options: {
    force: { type: 'boolean', doc: 'Remove what is in it, too' },
    yes: { type: 'boolean', doc: 'Do not ask' },
  },
  examples: [
    { line: 'rb photos', does: 'removes the bucket photos, which must be empty' },
    { line: 'rb scratch --force', does: 'removes the bucket with all that is in it' },
  ],
  async run({ arguments: { bucket }, options, output, signal, ...context }) {
    const name = parseBucket(bucket)
    if (options.force && !options.yes && context.interactive) {
      if (!(await context.confirm(`Remove the bucket ${name} with all that is in it?`))) return 1
    }
    const store = await context.store()
    await store.deleteBucket(name, { force: options.force ? true : undefined, signal })
    if (output.json) output.record({ bucket: name, removed: true })
    else output.summary(`removed bucket ${name}`)
    return 0
  },
})
