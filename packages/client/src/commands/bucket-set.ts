import { TorcError } from '@torc/protocol/errors'
import { reportBucket } from './bucket-report.js'
import { defineCommand } from './command.js'
import { compressionOption } from './compression-option.js'
import { cuttingOption } from './cutting-option.js'
import { parseBucket } from './target.js'
import { versioningOption } from './versioning-option.js'
import { policyWords } from './write-options.js'

export const bucketSet = defineCommand({
  name: 'bucket set',
  describe: "Change a bucket's settings; what is not named stays",
  arguments: { bucket: { label: 'BUCKET', kind: 'bucket', required: true, doc: 'Bucket to change' } },
  options: {
    readQuorum: { type: 'integer', min: 1, max: 64, value: 'R', doc: 'Copies that a read asks' },
    writeQuorum: {
      type: 'integer',
      min: 1,
      max: 64,
      value: 'W',
      doc: 'Copies that must be safe before a write is done',
    },
    strict: { type: 'switch', doc: "Only the owners' own copies count, or not" },
    policy: { type: 'text', value: 'P', doc: `Retention policy: ${policyWords}; acts with the next write` },
    cutting: { ...cuttingOption, doc: `${cuttingOption.doc}; of what is written from now on` },
    compression: {
      ...compressionOption,
      doc: `${compressionOption.doc}; of blocks that are new from now on`,
    },
    versioning: { ...versioningOption, doc: `${versioningOption.doc}; never unversioned again` },
    publicRead: {
      type: 'switch',
      doc: 'Objects may be read and listed over HTTP without an access key, or not',
    },
  },
  examples: [
    { line: 'bucket set photos --policy global:5', does: 'keeps the five newest versions of each key' },
    {
      line: 'bucket set photos --versioning suspended',
      does: 'keeps what there is, and no versions from now on',
    },
    { line: 'bucket set photos --write-quorum 3', does: 'answers writes when all three copies are safe' },
  ],
  async run({ arguments: { bucket }, options, output, signal, ...context }) {
    const { readQuorum, writeQuorum, strict, policy, cutting, compression, versioning, publicRead } = options
    const named = { readQuorum, writeQuorum, strict, policy, cutting, compression, versioning, publicRead }
    const name = parseBucket(bucket)
    if (Object.values(named).every(value => value === undefined)) {
      throw new TorcError('BAD_REQUEST', 'bucket set: name what to change', {
        hint: 'One or more of --read-quorum, --write-quorum, --strict, --no-strict, --policy, --cutting, --compression, --versioning, --public-read, --no-public-read.',
      })
    }
    const store = await context.store()
    reportBucket(output, await store.changeBucket(name, { ...named, signal }))
    return 0
  },
})
