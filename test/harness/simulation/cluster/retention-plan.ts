import type { SeededRandom } from '../seeded-random.js'

/** The retention policies of one simulation, and what they leave. */
export interface RetentionPlan {
  /** Of the bucket. */
  readonly bucket: string
  /** Of a key, set with each PUT; undefined where the bucket's is in force. */
  readonly policyOf: (key: string) => string | undefined
  /** How many versions are left at least (a policy takes the oldest). */
  readonly keeps: (key: string) => number
  /** How many there may be once a write covered all heads. */
  readonly versionsMax: (key: string) => number
}

const policies = ['all', 'all', 'latest', 'global:2', 'global:5', 'dynamic:4', 'dynamic:9'] as const
/** Keys that have a policy of their own. */
const ownProbability = 0.3

/** The draw of a key depends on its name alone, so that calls may come in any order. */
export function planRetention(random: SeededRandom): RetentionPlan {
  const bucket = random.pick(policies)
  const own = new Map<string, string | undefined>()
  const policyOf = (key: string): string | undefined => {
    if (!own.has(key)) {
      const draw = random.fork(key)
      own.set(key, draw.chance(ownProbability) ? draw.pick(policies) : undefined)
    }
    return own.get(key)
  }
  const limitsOf = (key: string) => limitsOfPolicy(policyOf(key) ?? bucket)
  const ofBucket = limitsOfPolicy(bucket)
  return {
    ...{ bucket, policyOf },
    // Delete markers that come before the first PUT find the bucket's in force.
    keeps: key => Math.min(limitsOf(key).keeps, ofBucket.keeps),
    versionsMax: key => limitsOf(key).max,
  }
}

/** The same in a bucket that keeps no versions, whatever the policies say. */
export function withoutVersions(plan: RetentionPlan): RetentionPlan {
  // What is covered goes, whether it is older or newer than what stays beside it.
  return { ...plan, keeps: () => 0, versionsMax: () => 1 }
}

function limitsOfPolicy(policy: string): { readonly keeps: number; readonly max: number } {
  const [kind, number] = policy.split(':')
  const max = Number(number ?? 1)
  if (kind === 'all') return { keeps: Number.POSITIVE_INFINITY, max: Number.POSITIVE_INFINITY }
  // `dynamic` takes a quarter of those present at once.
  return { max, keeps: kind === 'dynamic' ? max - Math.max(1, Math.floor(max / 4)) + 1 : max }
}
