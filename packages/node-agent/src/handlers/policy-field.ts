import { parsePolicy, type RetentionPolicy } from '@torc/cluster/retention/policy'
import { TorcError } from '@torc/protocol/errors'

/** The policy of a bucket as requests carry it: the one in force. BAD_REQUEST for anything else. */
export function bucketPolicy(text: string | undefined): RetentionPolicy | undefined {
  if (text === undefined) return undefined
  const policy = parsePolicy(text)
  if (policy === 'inherit') throw new TorcError('BAD_REQUEST', '`policy` is the one in force, not `inherit`')
  return policy
}
