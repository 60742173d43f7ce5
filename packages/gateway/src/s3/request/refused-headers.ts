import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from '../errors/s3-error.js'
import { ownerId } from '../response/owner.js'

/**
 * Refuses headers that ask for what is not done here: to pass over them would be to promise it. Those that only some
 * operations know (`x-amz-acl`, conditions) are theirs.
 */
export function refuseHeaders(headers: IncomingHttpHeaders): void {
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('x-amz-') && value !== undefined) refuse(name, String(value))
  }
}

function refuse(name: string, value: string): void {
  if (name.startsWith('x-amz-server-side-encryption') || name.startsWith('x-amz-copy-source-server-side'))
    throw notImplemented(name, 'Encryption on the server is not implemented.')
  if (name.startsWith('x-amz-object-lock-'))
    throw new S3Error('InvalidRequest', { message: 'Bucket is missing Object Lock Configuration' })
  if (name.startsWith('x-amz-grant-')) throw new S3Error('AccessControlListNotSupported')
  switch (name) {
    case 'x-amz-storage-class':
      if (value !== 'STANDARD')
        throw new S3Error('InvalidStorageClass', { elements: { StorageClassRequested: value.slice(0, 64) } })
      return
    case 'x-amz-expected-bucket-owner':
    case 'x-amz-source-expected-bucket-owner':
      if (value !== ownerId)
        throw new S3Error('AccessDenied', { message: `The bucket's owner is ${ownerId}.` })
      return
    case 'x-amz-website-redirect-location':
    case 'x-amz-write-offset-bytes':
    case 'x-amz-mfa':
    case 'x-amz-if-match-last-modified-time':
    case 'x-amz-if-match-size':
    case 'x-amz-rename-source':
    case 'x-amz-optional-object-attributes':
      throw notImplemented(name, `${name} is not implemented.`)
    case 'x-amz-bucket-object-lock-enabled':
      if (value.toLowerCase() !== 'false') throw notImplemented(name, 'Object Lock is not implemented.')
      return
    case 'x-amz-object-ownership':
      if (value !== 'BucketOwnerEnforced')
        throw notImplemented(name, 'Object ownership other than BucketOwnerEnforced is not implemented.')
  }
}

function notImplemented(header: string, message: string): S3Error {
  return new S3Error('NotImplemented', { message, elements: { Header: header } })
}

/** `x-amz-acl` of an object: only what holds for every object anyway. */
export function refuseObjectAcl(acl: string | undefined): void {
  if (acl !== undefined && acl !== 'private' && acl !== 'bucket-owner-full-control')
    throw new S3Error('AccessControlListNotSupported')
}
