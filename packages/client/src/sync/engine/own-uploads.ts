import { versionIdOfOperation } from './step-runner.js'
import type { SyncState } from './sync-state.js'

/**
 * An upload that was begun before the process was killed, and whose answer nobody heard: where the store has a version with
 * the id of its operation as the only head, it is what was intended. Where it has not, the planner compares both sides as if
 * it had never been begun; the same content is sent again under the same operation id, which finds an earlier write.
 */
export function adoptIntents(state: SyncState): void {
  for (const [name, { opId, content, fingerprint }] of [...state.intents]) {
    const { remote, synced } = state.world.triple(name)
    const versionId = versionIdOfOperation(opId)
    const [only, ...others] = remote?.heads ?? []
    if (only?.versionId !== versionId || others.length > 0 || remote === undefined) continue
    if (synced?.versionId === versionId) state.setIntent(name, undefined)
    else state.setSynced(name, { content, fingerprint, versionId, context: remote.context })
  }
}
