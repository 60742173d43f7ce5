import { sameContent } from '../trees/entry.js'
import { versionIdOfOperation } from './step-runner.js'
import type { SyncState } from './sync-state.js'

/**
 * An upload that was begun before the process was killed, and whose answer nobody heard: where the store has a version with
 * the id of its operation as the only head, it is what was intended. So it is where that head has the same content: another
 * client resolved a conflict in which ours took part, or wrote the same. Whatever is here by now was made of that. Where the
 * store has neither, the planner compares both sides as if the upload had never been begun; the same content is sent again
 * under the same operation id, which finds an earlier write.
 */
export function adoptIntents(state: SyncState): void {
  for (const [name, { opId, content, fingerprint }] of [...state.intents]) {
    const { remote, synced } = state.world.triple(name)
    const [only, ...others] = remote?.heads ?? []
    if (only === undefined || others.length > 0 || remote === undefined) continue
    const { versionId } = only
    const isOwn = versionId === versionIdOfOperation(opId)
    if (!isOwn && (remote.besideMarker || !sameContent(only.content, content))) continue
    if (synced?.versionId === versionId) state.setIntent(name, undefined)
    else state.setSynced(name, { content, fingerprint, versionId, context: remote.context })
  }
}
