import type { Version } from '@torc/cluster/state/version'
import { versionIdOf } from '@torc/cluster/state/version'
import type { NamedPart } from '@torc/protocol/store/multipart'
import { givenBody } from '../../src/bodies/body-source.js'
import { partsBucket, uploadsBucket } from '../../src/buckets/hidden-buckets.js'
import type { WriteOutcome } from '../../src/flows/write-request.js'
import { type CompleteRequest, completeUpload } from '../../src/uploads/complete-upload.js'
import { listUploads } from '../../src/uploads/list-uploads.js'
import { partRecords } from '../../src/uploads/part-records.js'
import { type NamedUpload, partNumberOf } from '../../src/uploads/upload-names.js'
import type { ListedUpload } from '../../src/uploads/upload-page.js'
import { uploadPart } from '../../src/uploads/upload-part.js'
import { writeRecord } from '../../src/uploads/upload-record.js'
import type { PartRequest } from '../../src/uploads/write-part.js'
import { type FakeCluster, testBucket } from '../fakes/fake-cluster.js'

export const bucket = testBucket()
export const limits = { timeoutMs: undefined, signal: undefined }

export async function begin(cluster: FakeCluster, key = 'key'): Promise<NamedUpload> {
  const opId = cluster.c.environment.random.bytes(16)
  const upload = { bucket, key, uploadId: versionIdOf(opId) }
  const written = { contentType: 'film/x', metadata: [['a', 'b']] as const, policy: undefined, retry: false }
  await writeRecord(cluster.c, { upload, opId, ...written, ...limits })
  return upload
}

export function partOf(cluster: FakeCluster, upload: NamedUpload, partNumber: number): PartRequest {
  return { upload, partNumber, opId: cluster.c.environment.random.bytes(16), retry: false, ...limits }
}

export function sendPart(
  cluster: FakeCluster,
  upload: NamedUpload,
  partNumber: number,
  body: string | Uint8Array = `part ${partNumber}`,
): Promise<WriteOutcome> {
  return uploadPart(cluster.c, partOf(cluster, upload, partNumber), givenBody(body, undefined))
}

export function named({ version, placement }: WriteOutcome): NamedPart {
  return { partNumber: partNumberOf(placement.key), etag: version.etag }
}

export function complete(
  cluster: FakeCluster,
  upload: NamedUpload,
  parts: readonly NamedPart[],
  more: Partial<CompleteRequest> = {},
): Promise<WriteOutcome> {
  const opId = cluster.c.environment.random.bytes(16)
  return completeUpload(cluster.c, {
    upload,
    parts,
    opId,
    etag: undefined,
    metadata: undefined,
    token: undefined,
    retry: false,
    ...limits,
    ...more,
  })
}

export async function listed(cluster: FakeCluster): Promise<readonly ListedUpload[]> {
  const all = { prefix: '', delimiter: undefined, marker: undefined, limit: 1000 }
  return (await listUploads(cluster.c, { bucket, ...all, ...limits })).uploads
}

export async function partNumbers(cluster: FakeCluster, upload: NamedUpload): Promise<number[]> {
  const numbers: number[] = []
  for await (const page of partRecords(cluster.c, upload, limits))
    for (const { partNumber } of page) numbers.push(partNumber)
  return numbers
}

/** Versions that agents hold in the bucket's hidden buckets, whatever a listing says. */
export function hiddenVersions(cluster: FakeCluster, of: 'uploads' | 'parts'): Version[] {
  const { hasher } = cluster.c.environment
  const { id } = of === 'parts' ? partsBucket(hasher, bucket) : uploadsBucket(hasher, bucket)
  const name = Buffer.from(id).toString('hex')
  return cluster.ids.flatMap((_, index) =>
    [...cluster.agent(index).keys.values()]
      .filter(({ bucketId }) => bucketId === name)
      .flatMap(({ state }) => [...state.versions.values()]),
  )
}

/** What goes on behind the answers comes to its end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}
