import { TorcError } from '@torc/protocol/errors'
import { type Access, allBuckets, type Requirement, requirementsOf } from '@torc/protocol/messages/access'
import { messages, type UserMessageName } from '@torc/protocol/messages/table'
import type { Buckets } from '../buckets/buckets.js'

/** All that a public bucket gives to whoever comes without an access key. */
const open = new Set<UserMessageName>(['getObject', 'headObject', 'listKeys', 'listVersions', 'getBucket'])

/** DENIED unless this reads a public bucket; a promise only where the bucket's record must be read first. */
export function checkAnonymous(
  buckets: Pick<Buckets, 'find'>,
  message: UserMessageName,
  head: Readonly<Record<string, unknown>>,
): undefined | Promise<void> {
  const { access }: { readonly access: Access } = messages[message]
  const requirements = requirementsOf(access, head)
  const [first] = requirements
  const admin = requirements.find(({ needs }) => needs === 'admin')
  if (admin !== undefined) throw refusal(admin)
  if (first === undefined || first.needs === 'admin' || first.bucket === allBuckets || !open.has(message))
    throw refusal(first)
  const found = buckets.find(first.bucket, {})
  if (found instanceof Promise) {
    return found.then(
      bucket => requirePublic(bucket, first),
      (thrown: unknown) => {
        // Nobody learns whether there is such a bucket.
        throw TorcError.from(thrown).code === 'BUCKET_NOT_FOUND' ? refusal(first) : thrown
      },
    )
  }
  requirePublic(found, first)
  return undefined
}

function requirePublic({ publicRead }: { readonly publicRead: boolean }, requirement: Requirement): void {
  if (!publicRead) throw refusal(requirement)
}

/** The same whether the bucket is there or not. */
function refusal(requirement: Requirement | undefined): TorcError {
  const who = 'a caller without an access key'
  if (requirement === undefined || requirement.needs === 'admin') {
    const what = requirement === undefined ? 'may not ask this' : 'may not administer the cluster'
    return new TorcError('DENIED', `${who} ${what}`, { hint: 'Come with an access key.' })
  }
  const { needs, bucket } = requirement
  const what = needs === 'some' ? 'no grant' : `no ${needs} grant`
  const where = bucket === allBuckets ? 'all buckets' : `bucket ${bucket}`
  return new TorcError('DENIED', `${who} has ${what} on ${where}`, {
    hint: 'Come with an access key that has one. What is public may be read: `torc bucket set BUCKET --public-read`.',
  })
}
