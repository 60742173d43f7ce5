import type { SafeguardCase } from './safeguard-case.js'

/**
 * For each rule a cluster, a load and faults under which its absence shows within a few seeds. Whether a case still
 * bites is what `safeguards.test.ts` asserts: a change of the load or the faults may call for others here.
 */
export const safeguardCases: readonly SafeguardCase[] = [
  {
    without: 'fsync before the answer',
    shows: 'a power loss takes writes that were acknowledged',
    options: { faults: ['power loss'], faultsAtOnce: 1 },
    seedsMax: 5,
  },
]
