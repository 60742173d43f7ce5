/**
 * Names of metadata pairs that hold what is no user's metadata. A colon can stand in no header's name, so that nobody
 * can set them as `x-amz-meta-…`.
 */

/** Headers that are answered as they were given: `http:cache-control`. */
export const headerPrefix = 'http:'

/** What only S3 clients ask for: checksums. */
export const s3Prefix = 's3:'

export type MetadataPair = readonly [name: string, value: string]

/** Headers of a body that S3 keeps with an object. */
export const keptHeaders = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
] as const

export function isReserved(name: string): boolean {
  return name.startsWith(headerPrefix) || name.startsWith(s3Prefix)
}
