import { parsePolicy, policyText, type RetentionPolicy } from '@torc/cluster/retention/policy'
import type { Version } from '@torc/cluster/state/version'
import { givenBody } from '../bodies/body-source.js'
import { prepareBody } from '../bodies/prepared-body.js'
import { uploadsBucket } from '../buckets/hidden-buckets.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import type { OperationLimits } from '../core/operations.js'
import { place } from '../core/placement.js'
import { readHeads } from '../flows/get-flow.js'
import { readInlineBody } from '../flows/key-state-read.js'
import { write } from '../flows/put-flow.js'
import { type NamedUpload, recordKey, recordName, uploadNotFound } from './upload-names.js'

/** What an upload's record says: a version whose body is the policy that the key is to get, if any. */
export interface UploadRecord {
  /** A delete marker on the record: nothing may be added to the upload any more. */
  readonly state: 'open' | 'ending'
  readonly contentType: string
  readonly metadata: Version['metadata']
  readonly tags: Version['tags']
  readonly policy: RetentionPolicy | 'inherit' | undefined
  /** Hybrid time. */
  readonly createdAt: number
}

export interface NewUpload extends OperationLimits {
  readonly upload: NamedUpload
  readonly opId: Uint8Array
  readonly contentType: string
  readonly metadata: Version['metadata']
  readonly tags?: Version['tags']
  readonly policy: RetentionPolicy | 'inherit' | undefined
  readonly retry: boolean
}

/** The marker tells when the upload began, as what it covers is pruned. */
const createdAtName = 'created-at'

/** When the upload began whose record (or marker on it) this is. */
export function createdAtOf(version: Version): number {
  const told = version.metadata.find(([name]) => name === createdAtName)
  return version.kind === 'marker' && told !== undefined ? Number(told[1]) : version.createdAt
}

/** Writes the record of a new upload. */
export async function writeRecord(c: Coordination, request: NewUpload): Promise<Version> {
  const { upload, opId, contentType, metadata, tags, policy, retry, timeoutMs, signal } = request
  const bucket = uploadsBucket(c.environment.hasher, upload.bucket)
  const text = policy === undefined ? '' : policyText(policy)
  const key = recordName(upload)
  const body = await prepareBody(c, givenBody(text, undefined), { bucket, key, opId, timeoutMs, signal })
  const { version } = await write(c, {
    bucket,
    key,
    opId,
    kind: 'object',
    body,
    contentType,
    metadata,
    tags,
    token: undefined,
    policy: undefined,
    retry,
    timeoutMs,
    signal,
  })
  return version
}

/** The record as R owners agree on it; undefined where there is none. */
export async function readRecord(
  c: Coordination,
  upload: NamedUpload,
  { timeoutMs, signal }: OperationLimits,
): Promise<UploadRecord | undefined> {
  const bucket = uploadsBucket(c.environment.hasher, upload.bucket)
  const key = recordKey(upload)
  const deadline = new Deadline(c.environment.clock, timeoutMs, signal)
  return withFreshLayout(c, async () => {
    const p = place(c, bucket, key)
    const read = await readHeads(c, p, deadline)
    const [latest] = read.heads
    if (latest === undefined) return undefined
    const { contentType, metadata, tags } = latest
    const ending = read.heads.some(({ kind }) => kind === 'marker')
    const pieces = read.inline ?? (await readInlineBody(c, p, latest, read.holdersOf(latest), deadline))
    const text = Buffer.concat(pieces).toString()
    return {
      state: ending ? 'ending' : 'open',
      contentType,
      metadata,
      tags,
      policy: text === '' ? undefined : parsePolicy(text),
      createdAt: createdAtOf(latest),
    }
  })
}

/** The record of an upload that takes parts. UPLOAD_NOT_FOUND otherwise. */
export async function readOpenRecord(
  c: Coordination,
  upload: NamedUpload,
  limits: OperationLimits,
): Promise<UploadRecord> {
  const record = await readRecord(c, upload, limits)
  if (record?.state !== 'open') throw uploadNotFound(upload)
  return record
}

/** Says on W owners that the upload ends: from then on no part is added that its writer does not remove again. */
export async function markEnding(
  c: Coordination,
  upload: NamedUpload,
  { createdAt }: UploadRecord,
  { timeoutMs, signal }: OperationLimits,
): Promise<void> {
  const bucket = uploadsBucket(c.environment.hasher, upload.bucket)
  const opId = c.environment.random.bytes(16)
  const key = recordKey(upload)
  const body = await prepareBody(c, givenBody('', undefined), { bucket, key, opId, timeoutMs, signal })
  await write(c, {
    bucket,
    key,
    opId,
    kind: 'marker',
    body,
    contentType: '',
    metadata: [[createdAtName, String(createdAt)]],
    token: undefined,
    policy: undefined,
    retry: false,
    timeoutMs,
    signal,
  })
}
