import { printable } from '../output/format.js'
import type { Store } from '../store/remote-store.js'
import type { CommandContext } from './command.js'
import type { Target } from './target.js'

const countMax = 100

/**
 * Asks before more than one version of a key is removed for good; true when it may go on. Without a person in
 * front it is meant as it is written.
 */
export async function mayPurge(context: CommandContext, store: Store, target: Target): Promise<boolean> {
  if (!context.interactive) return true
  const versions = await countVersions(store, target, context.signal)
  if (versions <= 1) return true
  const amount = versions > countMax ? `more than ${countMax}` : versions
  return context.confirm(`Remove ${amount} versions of ${target.bucket}/${printable(target.key)} for good?`)
}

async function countVersions(store: Store, { bucket, key }: Target, signal: AbortSignal): Promise<number> {
  let versions = 0
  for await (const entry of store.versions(bucket, { prefix: key, limit: countMax + 1, signal })) {
    // In order, the key itself comes before the longer ones that begin with it.
    if ('prefix' in entry || entry.key !== key) break
    versions++
  }
  return versions
}
