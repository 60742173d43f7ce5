import { type RetentionPolicy, versionsMax } from './policy.js'

/** How many of `present` versions go before one more comes, of which `available` may go. */
export function countToPrune(policy: RetentionPolicy, present: number, available: number = present): number {
  const max = versionsMax(policy)
  if (max === undefined || present < max) return 0
  if (policy.kind !== 'dynamic') return Math.min(available, present + 1 - max)
  let count = 0
  while (count < available && present - count + 1 > max) {
    count += Math.max(1, Math.floor((present - count) / 4))
  }
  return Math.min(available, count)
}
