import { epochHash } from '@torc/cluster/ring/epoch'
import type { LayoutState } from '@torc/cluster/transition/owner-tables'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'

/**
 * Whether a layout is to be stored after `current` by this agent; false when it is that very one. CONFLICT where it does
 * not follow from it, STALE_EPOCH where it is older.
 */
export function follows(
  hasher: Hasher,
  nodeId: string,
  current: LayoutState,
  { epoch, previous }: LayoutState,
): boolean {
  const currentHash = epochHash(hasher, current.epoch)
  const { number } = current.epoch
  if (epoch.number === number && Buffer.compare(epochHash(hasher, epoch), currentHash) === 0) return false
  if (epoch.number < number) {
    throw new TorcError(
      'STALE_EPOCH',
      `layout ${epoch.number} is older than layout ${number} of agent ${nodeId}`,
    )
  }
  const isNext = epoch.number === number + 1
  const parent = isNext ? currentHash : previous && epochHash(hasher, previous)
  const isSameCluster = epoch.lineage === current.epoch.lineage || isNext
  const isChild = parent !== undefined && Buffer.compare(epoch.parentHash, parent) === 0
  if (epoch.number > number && isSameCluster && isChild) return true
  throw new TorcError(
    'CONFLICT',
    `layout ${epoch.number} contradicts layout ${number} that agent ${nodeId} has`,
    { hint: 'Two layouts were made apart from each other: keep the agents of one of them.' },
  )
}
