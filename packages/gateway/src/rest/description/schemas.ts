import type { Schema } from '../routes/route.js'

const text: Schema = { type: 'string' }
const number: Schema = { type: 'integer' }
const time: Schema = { type: 'string', format: 'date-time' }
const texts: Schema = { type: 'array', items: text }
const clock: Schema = { type: 'object', additionalProperties: number }
const success: Schema = { const: true }

function object(
  required: Readonly<Record<string, Schema>>,
  optional: Readonly<Record<string, Schema>> = {},
): Schema {
  return { type: 'object', required: Object.keys(required), properties: { ...required, ...optional } }
}

const reference = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })
const listOf = (items: Schema): Schema => ({ type: 'array', items })

/** As `torc status --json` says it, which may tell more of each with time. */
const objects = listOf({ type: 'object' })

const stored = {
  ...{ success, pref_list: texts, replicas_written: texts, node: text },
  vector_clock_list: { ...texts, minItems: 1, maxItems: 1 },
  ...{ bucket: text, key: text, versionId: text, size: number, etag: text, sha256: text, contentType: text },
  ...{ createdAt: time, context: text, clock, siblings: texts, mintedBy: text, preferenceList: texts },
  ...{ replicasWritten: texts, down: texts, deduplicatedBytes: number, sentBytes: number },
  vectorClocks: { type: 'object', additionalProperties: clock },
  hinted: { type: 'object', additionalProperties: texts },
}

const bucket = {
  ...{ bucket: text, createdAt: time, policy: text, policyFrom: text },
  ...{ replicas: number, readQuorum: number, writeQuorum: number },
  ...{ strict: { type: 'boolean' }, cutting: text, compression: text },
  ...{ versioning: { enum: ['unversioned', 'enabled', 'suspended'] }, publicRead: { type: 'boolean' } },
}

const file = {
  ...{ bucket: text, key: text, versionId: text, size: number, etag: text, createdAt: time },
  kind: { enum: ['object', 'marker'] },
  isLatest: { type: 'boolean' },
  siblings: texts,
}

const error = object({ code: text, message: text, hint: text, retryable: { type: 'boolean' } })

/** What answers look like, by the name under which `openapi.json` has them. */
export const schemas: Readonly<Record<string, Schema>> = {
  Stored: object(stored, { down_system_data: texts, hinted_system_data: text }),
  StoredFiles: object({ success, files: listOf(reference('Stored')) }),
  Removed: object({
    success,
    bucket: text,
    key: text,
    removed: texts,
    marker: { type: ['string', 'null'] },
    context: text,
  }),
  Bucket: object({ success, ...bucket, tags: { type: 'object', additionalProperties: text } }),
  Buckets: object({ success, buckets: listOf(object(bucket)) }),
  BucketRemoved: object({ success, bucket: text }),
  Files: object({
    ...{ success, bucket: text, prefix: text, files: listOf(object(file)), prefixes: texts },
    token: { type: ['string', 'null'] },
  }),
  Folder: object(
    {
      success,
      folders: listOf(object({ name: text, path: text })),
      files: listOf(
        object({
          name: text,
          path: text,
          key: text,
          size: number,
          createdAt: time,
          etag: text,
          versionId: text,
        }),
      ),
      token: { type: ['string', 'null'] },
    },
    { bucket: text, prefix: text },
  ),
  Status: object({
    ...{ success, epoch: number, partitions: number, replicas: number, healthy: { type: 'boolean' } },
    ...{ problems: texts, servers: objects, agents: objects, buckets: number },
    ...{ repair: { type: 'object' }, workers: objects },
    ...{ logicalBytes: { type: ['integer', 'null'] }, physicalBytes: { type: ['integer', 'null'] } },
  }),
  Health: object(
    { available: { type: 'boolean' } },
    {
      ...{ reason: text, epoch: number, healthy: { type: 'boolean' } },
      agents: object({ alive: number, total: number }),
    },
  ),
  Error: object({ success: { const: false }, error }, { files: listOf(reference('Stored')) }),
}

/** An answer of JSON that is described there. */
export function json(name: string): Readonly<Record<string, Schema>> {
  return { 'application/json': reference(name) }
}
