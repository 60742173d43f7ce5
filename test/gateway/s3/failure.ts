import { S3ServiceException } from '@aws-sdk/client-s3'

/** `status Code` of a request that must fail; what it answered where it did not. */
export async function failure(request: Promise<unknown>): Promise<string> {
  try {
    return `it succeeded: ${JSON.stringify(await request)}`
  } catch (thrown) {
    if (!(thrown instanceof S3ServiceException)) throw thrown
    return `${thrown.$metadata.httpStatusCode} ${thrown.name}`
  }
}
