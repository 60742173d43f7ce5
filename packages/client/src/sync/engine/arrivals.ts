import { sameContent } from '../trees/entry.js'
import type { SyncState } from './sync-state.js'

/**
 * What came from the store before the process was killed, and could not be told to the journal any more: where it is here, it
 * is what was synced, whatever the store holds by now. Else it would be taken for something new, and what was edited or
 * deleted in the store meanwhile would come back.
 */
export function adoptArrivals(state: SyncState): void {
  for (const [name, { content, versionId, context }] of [...state.arrivals]) {
    if (state.world.unseen(name)) continue
    const { local } = state.world.triple(name)
    if (local === undefined || !sameContent(local.content, content)) state.setArrival(name, undefined)
    else state.setSynced(name, { content, fingerprint: local.fingerprint, versionId, context })
  }
}
