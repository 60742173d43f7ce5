import { keepAll, parsePolicy, type RetentionPolicy } from '@torc/cluster/retention/policy'

/** The retention policy that counts for keys without one of their own. */
export interface PolicyInForce {
  readonly policy: RetentionPolicy
  readonly from: 'bucket' | 'cluster' | 'default'
}

/** The bucket's own policy goes before the cluster's (DESIGN §4). Without either all versions stay. */
export function policyInForce(ofBucket: string, ofCluster: string): PolicyInForce {
  const own = readPolicy(ofBucket)
  if (own !== 'inherit') return { policy: own, from: 'bucket' }
  const shared = readPolicy(ofCluster)
  return shared === 'inherit' ? { policy: keepAll, from: 'default' } : { policy: shared, from: 'cluster' }
}

/** A stored policy. One that a later Torc wrote and this one can't read keeps everything: nothing goes on a guess. */
export function readPolicy(text: string): RetentionPolicy | 'inherit' {
  try {
    return parsePolicy(text)
  } catch {
    return keepAll
  }
}
