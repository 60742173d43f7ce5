import { S3Error } from '../errors/s3-error.js'
import { versionIdOf } from '../request/parameters.js'
import { answerEmpty, answerXml } from '../response/answer.js'
import { ownerElement, ownerId } from '../response/owner.js'
import type { S3Call } from '../s3-call.js'
import type { XmlElement } from '../xml/xml-writer.js'
import { readFailure } from './read-failure.js'

/** Whether everybody may read the bucket, as a canned ACL says; undefined without one. NotImplemented for others. */
export function publicReadOf(acl: string | undefined): boolean | undefined {
  if (acl === undefined) return undefined
  if (acl === 'private') return false
  if (acl === 'public-read') return true
  throw new S3Error('NotImplemented', { message: 'ACLs of buckets are private or public-read.' })
}

export async function getBucketAcl(call: S3Call): Promise<void> {
  const { publicRead } = await call.buckets.read(call.store, call.bucket, call.options)
  answerXml(call, aclElement(publicRead))
}

export async function putBucketAcl(call: S3Call): Promise<void> {
  const publicRead = publicReadOf(call.header('x-amz-acl'))
  if (publicRead === undefined || call.hasBody) {
    throw new S3Error('NotImplemented', {
      message: 'ACLs in documents are not implemented: send x-amz-acl: private or public-read.',
    })
  }
  await call.store.changeBucket(call.bucket, { ...call.options, publicRead })
  call.buckets.forget(call.bucket)
  answerEmpty(call, 200)
}

export async function getBucketPolicyStatus(call: S3Call): Promise<void> {
  const { publicRead } = await call.buckets.read(call.store, call.bucket, call.options)
  answerXml(call, ['PolicyStatus', [['IsPublic', publicRead ? 'TRUE' : 'FALSE']]])
}

/** Objects have no ACL of their own. */
export async function getObjectAcl(call: S3Call): Promise<void> {
  const versionId = versionIdOf(call)
  try {
    await call.store.head(call.bucket, call.key, { ...call.options, versionId })
  } catch (thrown) {
    throw await readFailure(call, thrown, versionId)
  }
  answerXml(call, aclElement(false))
}

const instance = { 'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance' }

function aclElement(publicRead: boolean): XmlElement {
  const owner: XmlElement = grantElement(
    [
      'Grantee',
      [
        ['ID', ownerId],
        ['DisplayName', ownerId],
      ],
      { ...instance, 'xsi:type': 'CanonicalUser' },
    ],
    'FULL_CONTROL',
  )
  const everybody: XmlElement = grantElement(
    [
      'Grantee',
      [['URI', 'http://acs.amazonaws.com/groups/global/AllUsers']],
      { ...instance, 'xsi:type': 'Group' },
    ],
    'READ',
  )
  const grants = publicRead ? [owner, everybody] : [owner]
  return ['AccessControlPolicy', [ownerElement(), ['AccessControlList', grants]]]
}

function grantElement(grantee: XmlElement, permission: string): XmlElement {
  return ['Grant', [grantee, ['Permission', permission]]]
}
