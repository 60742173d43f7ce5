import { S3Error } from '../../src/s3/errors/s3-error.js'

/** The S3 code with which something failed. */
export function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof S3Error) return thrown.s3Code
    throw thrown
  }
  return 'nothing failed'
}
