import type * as s from '@torc/protocol/store/object-store'

/** Own policies by `BUCKET`, `BUCKET/KEY` and `` for the cluster. Nothing is ever pruned by them. */
export class MemoryPolicies extends Map<string, string> {
  put(name: string, policy: string): void {
    if (policy === 'inherit') this.delete(name)
    else this.set(name, policy)
  }

  ofBucket(bucket: string): Pick<s.BucketInfo, 'policy' | 'policyFrom'> {
    const own = bucket === '' ? undefined : this.get(bucket)
    if (own !== undefined && own !== 'inherit') return { policy: own, policyFrom: 'bucket' }
    const cluster = this.get('')
    return cluster === undefined
      ? { policy: 'all', policyFrom: 'default' }
      : { policy: cluster, policyFrom: 'cluster' }
  }

  /** Precedence only; `global:N` alone says what would go of the versions (newest first) of a key. */
  show({ bucket, key }: s.PolicyTarget, versions: readonly s.VersionInfo[] | undefined): s.PolicyInfo {
    const own = key === undefined ? undefined : this.get(`${bucket}/${key}`)
    const { policy, policyFrom } = this.ofBucket(bucket ?? '')
    const inForce = own ?? policy
    const max = Number(/^global:(\d+)$/.exec(inForce)?.[1] ?? Number.POSITIVE_INFINITY)
    const surplus = Math.max(0, (versions?.length ?? 0) + 1 - max)
    return {
      policy: inForce,
      from: own === undefined ? policyFrom : 'object',
      own: (key === undefined ? this.get(bucket ?? '') : own) ?? 'inherit',
      versions: versions?.length,
      next: surplus === 0 ? [] : (versions ?? []).slice(-surplus).reverse(),
    }
  }
}
