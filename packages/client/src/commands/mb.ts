import { bucketRecord } from '../output/records.js'
import { defineCommand } from './command.js'
import { compressionOption } from './compression-option.js'
import { cuttingOption } from './cutting-option.js'
import { parseBucket } from './target.js'
import { versioningOption } from './versioning-option.js'
import { policyWords } from './write-options.js'

export const mb = defineCommand({
  name: 'mb',
  describe: 'Make a bucket',
  arguments: { bucket: { label: 'BUCKET', kind: 'bucket', required: true, doc: 'Name of the new bucket' } },
  options: {
    replicas: {
      type: 'integer',
      min: 1,
      max: 64,
      value: 'N',
      doc: "Copies of each object (default: the layout's, usually 3)",
    },
    readQuorum: {
      type: 'integer',
      min: 1,
      max: 64,
      value: 'R',
      doc: 'Copies that a read asks (default: a majority)',
    },
    writeQuorum: {
      type: 'integer',
      min: 1,
      max: 64,
      value: 'W',
      doc: 'Copies that must be safe before a write is done (default: a majority)',
    },
    strict: { type: 'boolean', doc: "Only the owners' own copies count" },
    policy: { type: 'text', value: 'P', doc: `Retention policy: ${policyWords} (default: inherit)` },
    cutting: { ...cuttingOption, doc: `${cuttingOption.doc} (default: fixed)` },
    compression: { ...compressionOption, doc: `${compressionOption.doc} (default: none)` },
    versioning: { ...versioningOption, doc: `${versioningOption.doc} (default: enabled)` },
    publicRead: { type: 'boolean', doc: 'Objects may be read and listed over HTTP without an access key' },
  },
  examples: [
    { line: 'mb photos', does: 'makes the bucket photos' },
    { line: 'mb scratch --replicas 1', does: 'keeps one copy of each object' },
    { line: 'mb drafts --policy global:10', does: 'keeps the ten newest versions of each key' },
    { line: 'mb images --cutting content', does: 'lets large files that differ a little share blocks' },
    { line: 'mb site --public-read', does: 'lets everybody read what is in it' },
    { line: 'mb logs --compression brotli', does: 'keeps large texts in a part of their size' },
  ],
  async run({ arguments: { bucket }, options, output, signal, ...context }) {
    const {
      replicas,
      readQuorum,
      writeQuorum,
      strict,
      policy,
      cutting,
      compression,
      versioning,
      publicRead,
    } = options
    const store = await context.store()
    const info = await store.createBucket(parseBucket(bucket), {
      ...{ replicas, readQuorum, writeQuorum, policy, cutting, compression, versioning, signal },
      strict: strict ? true : undefined,
      publicRead: publicRead ? true : undefined,
    })
    if (output.json) output.record(bucketRecord(info))
    else {
      output.summary(
        `made bucket ${info.bucket}: ${info.replicas} replicas, read quorum ${info.readQuorum}, write quorum ${info.writeQuorum}`,
      )
    }
    return 0
  },
})
