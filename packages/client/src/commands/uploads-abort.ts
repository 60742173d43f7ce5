import { printable } from '../output/format.js'
import { defineCommand } from './command.js'
import { parseObjectTarget } from './target.js'

export const uploadsAbort = defineCommand({
  name: 'uploads abort',
  describe: 'Remove an upload in parts and what was uploaded of it',
  arguments: {
    target: { label: 'BUCKET/KEY', kind: 'target', required: true, doc: 'Key that is being uploaded' },
    uploadId: { label: 'UPLOADID', kind: 'word', required: true, doc: 'Which upload of the key' },
  },
  options: {},
  examples: [
    {
      line: 'uploads abort photos/film.mp4 iw4zk2vq6yq7v3n5xk2m7r4abc',
      does: 'gives an upload up; the key itself stays as it is',
    },
  ],
  async run({ arguments: { target, uploadId }, output, signal, ...context }) {
    const { bucket, key } = parseObjectTarget(target)
    const store = await context.store()
    await store.abortUpload(bucket, key, uploadId, { signal })
    if (output.json) output.record({ bucket, key, uploadId, aborted: true })
    else output.summary(`aborted the upload ${printable(uploadId)} of ${bucket}/${printable(key)}`)
    return 0
  },
})
