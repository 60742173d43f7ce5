import * as acls from './operations/acls.js'
import * as buckets from './operations/buckets.js'
import { completeMultipartUpload } from './operations/complete-upload.js'
import { copyObject } from './operations/copy-object.js'
import { deleteObject } from './operations/delete-object.js'
import { deleteObjects } from './operations/delete-objects.js'
import { getObject, headObject } from './operations/get-object.js'
import { listObjects, listObjectsV2 } from './operations/list-objects.js'
import { listObjectVersions } from './operations/list-versions.js'
import * as uploads from './operations/multipart-uploads.js'
import { getObjectAttributes } from './operations/object-attributes.js'
import { listParts, uploadPart, uploadPartCopy } from './operations/parts.js'
import { putObject } from './operations/put-object.js'
import { torcDeletePolicy, torcGetPolicy, torcPutPolicy } from './operations/retention-policy.js'
import * as tagging from './operations/tagging.js'
import { getBucketVersioning, putBucketVersioning } from './operations/versioning.js'
import type { OperationName } from './route.js'
import type { S3Call } from './s3-call.js'

/** Answers a call. What it throws is answered as an error. */
export type Operation = (call: S3Call) => Promise<void>

export const operationTable: Readonly<Record<OperationName, Operation>> = {
  ListBuckets: buckets.listBuckets,
  CreateBucket: buckets.createBucket,
  HeadBucket: buckets.headBucket,
  DeleteBucket: buckets.deleteBucket,
  GetBucketLocation: buckets.getBucketLocation,
  GetBucketVersioning: getBucketVersioning,
  PutBucketVersioning: putBucketVersioning,
  GetBucketTagging: tagging.getBucketTagging,
  PutBucketTagging: tagging.putBucketTagging,
  DeleteBucketTagging: tagging.deleteBucketTagging,
  GetBucketAcl: acls.getBucketAcl,
  PutBucketAcl: acls.putBucketAcl,
  GetBucketPolicyStatus: acls.getBucketPolicyStatus,
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  ListObjectVersions: listObjectVersions,
  ListMultipartUploads: uploads.listMultipartUploads,
  DeleteObjects: deleteObjects,
  PutObject: putObject,
  CopyObject: copyObject,
  GetObject: getObject,
  HeadObject: headObject,
  DeleteObject: deleteObject,
  GetObjectAcl: acls.getObjectAcl,
  GetObjectAttributes: getObjectAttributes,
  GetObjectTagging: tagging.getObjectTagging,
  PutObjectTagging: tagging.putObjectTagging,
  DeleteObjectTagging: tagging.deleteObjectTagging,
  CreateMultipartUpload: uploads.createMultipartUpload,
  UploadPart: uploadPart,
  UploadPartCopy: uploadPartCopy,
  CompleteMultipartUpload: completeMultipartUpload,
  AbortMultipartUpload: uploads.abortMultipartUpload,
  ListParts: listParts,
  TorcGetPolicy: torcGetPolicy,
  TorcPutPolicy: torcPutPolicy,
  TorcDeletePolicy: torcDeletePolicy,
}
