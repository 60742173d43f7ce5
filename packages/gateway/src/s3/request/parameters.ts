import { invalidArgument, S3Error } from '../errors/s3-error.js'
import type { S3Call } from '../s3-call.js'

/** Ids of versions and uploads: 16 bytes in base32. */
const idPattern = /^[a-z2-7]{26}$/

/** The parameter `versionId`; undefined where the latest is meant. Only whole ids and `null` are taken. */
export function versionIdOf(call: S3Call): string | undefined {
  const versionId = call.query('versionId')
  return versionId === undefined ? undefined : checkedVersionId(versionId)
}

export function checkedVersionId(versionId: string): string {
  if (versionId === 'null' || idPattern.test(versionId)) return versionId
  throw invalidArgument('Invalid version id specified', 'versionId', versionId)
}

export function uploadIdOf(call: S3Call): string {
  const uploadId = call.query('uploadId') ?? ''
  if (!idPattern.test(uploadId)) throw new S3Error('NoSuchUpload')
  return uploadId
}

/** A whole number among the parameters; undefined where it is not there. */
export function numberOf(call: S3Call, name: string, min: number, max: number): number | undefined {
  const text = call.query(name)
  if (text === undefined) return undefined
  if (!/^\d{1,10}$/.test(text) || Number(text) < min || Number(text) > max)
    throw invalidArgument(`${name} must be a number from ${min} to ${max}`, name, text)
  return Number(text)
}

/** How many entries a page may have: `max-keys` and the like. What is more than S3 gives is cut to that. */
export function pageSizeOf(call: S3Call, name: string): number {
  return Math.min(numberOf(call, name, 0, 2 ** 31 - 1) ?? pageSizeMax, pageSizeMax)
}

const pageSizeMax = 1000
