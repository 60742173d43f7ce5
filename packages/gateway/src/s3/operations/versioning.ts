import { S3Error } from '../errors/s3-error.js'
import { answerEmpty, answerXml } from '../response/answer.js'
import type { S3Call } from '../s3-call.js'
import { childText } from '../xml/xml-reader.js'

export async function getBucketVersioning(call: S3Call): Promise<void> {
  const { versioning } = await call.buckets.read(call.store, call.bucket, call.options)
  const status = { unversioned: undefined, enabled: 'Enabled', suspended: 'Suspended' } as const
  answerXml(call, ['VersioningConfiguration', [['Status', status[versioning]]]])
}

export async function putBucketVersioning(call: S3Call): Promise<void> {
  const document = await call.document('VersioningConfiguration')
  if (childText(document, 'MfaDelete')?.trim() === 'Enabled')
    throw new S3Error('NotImplemented', { message: 'MfaDelete is not implemented.' })
  const status = childText(document, 'Status')?.trim()
  if (status !== 'Enabled' && status !== 'Suspended')
    throw new S3Error('IllegalVersioningConfigurationException')
  const versioning = status === 'Enabled' ? 'enabled' : 'suspended'
  await call.store.changeBucket(call.bucket, { ...call.options, versioning })
  call.buckets.forget(call.bucket)
  answerEmpty(call, 200)
}
