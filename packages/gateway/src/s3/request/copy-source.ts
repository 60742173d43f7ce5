import { invalidArgument } from '../errors/s3-error.js'
import type { S3Call } from '../s3-call.js'
import { checkedVersionId } from './parameters.js'
import { decodeUri } from './target.js'

export interface NamedSource {
  readonly bucket: string
  readonly key: string
  readonly versionId: string | undefined
}

/** What `x-amz-copy-source` names: `[/]BUCKET/KEY[?versionId=ID]`, URL-encoded. */
export function copySourceOf(call: S3Call): NamedSource {
  const header = call.request.headers['x-amz-copy-source']
  const text = typeof header === 'string' ? header : ''
  const question = text.indexOf('?')
  const path = decodeUri(question < 0 ? text : text.slice(0, question)).replace(/^\//, '')
  const slash = path.indexOf('/')
  const bucket = path.slice(0, Math.max(0, slash))
  const key = path.slice(slash + 1)
  if (bucket === '' || key === '') {
    throw invalidArgument(
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      'x-amz-copy-source',
    )
  }
  if (question < 0) return { bucket, key, versionId: undefined }
  const [, versionId] = /^versionId=([^&]*)$/.exec(text.slice(question + 1)) ?? []
  if (versionId === undefined)
    throw invalidArgument('Copy Source may only have the parameter versionId', 'x-amz-copy-source')
  return { bucket, key, versionId: checkedVersionId(decodeUri(versionId)) }
}
