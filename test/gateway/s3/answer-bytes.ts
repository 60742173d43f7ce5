import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'

/** An answer with its body read: one that is left unread breaks when its connection is closed. */
export async function withBytes(
  answer: GetObjectCommandOutput,
): Promise<GetObjectCommandOutput & { readonly bytes: Buffer }> {
  const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? [])
  return Object.assign(answer, { bytes })
}
