import {
  type LocalEntry,
  type RemoteEntry,
  type RemoteHead,
  type SyncedEntry,
  sameBytes,
  sameContent,
  type Triple,
} from '../trees/entry.js'
import { conflictName } from './conflict-name.js'

/**
 * What became of a name in the store since it was synced. `rewritten`: a new version of the same content, to be learned
 * and nothing else. Versions are compared before contents: the SHA-256 of an object that came in parts is not that of its bytes.
 */
export type RemoteState =
  | 'absent'
  | 'implied'
  | 'conflicting'
  | 'unchanged'
  | 'rewritten'
  | 'edited'
  | 'created'

export function remoteState({ remote, synced }: Triple): RemoteState {
  if (remote === undefined) return 'absent'
  const [first, ...others] = remote.heads
  if (first === undefined) return 'implied'
  if (remote.besideMarker || others.some(head => !sameContent(head.content, first.content))) {
    return 'conflicting'
  }
  if (synced?.versionId === undefined) return 'created'
  // Heads that are equal count as one, but a token that covers only the first would leave the others beside the next edit.
  const covered = others.length === 0 || synced.context === remote.context
  if (first.versionId === synced.versionId && covered) return 'unchanged'
  return sameContent(first.content, synced.content) ? 'rewritten' : 'edited'
}

/** The head that keeps the name: clocks have no say in it. */
export function firstHead(remote: RemoteEntry): RemoteHead {
  const [head] = remote.heads
  if (head === undefined) throw new RangeError('an implied folder has no head')
  return head
}

export function hasContent(remote: RemoteEntry, local: LocalEntry): boolean {
  return remote.heads.some(({ content }) => sameContent(content, local.content))
}

/** What the journal learns where the store has what is here. */
export function syncedWith(local: LocalEntry, remote: RemoteEntry): SyncedEntry {
  const { content, fingerprint } = local
  return { content, fingerprint, versionId: remote.heads[0]?.versionId, context: remote.context }
}

export interface Loser {
  readonly head: RemoteHead
  readonly conflictName: string
}

/** Conflict names for heads, one for each that has bytes which neither `kept` nor one before it has. */
export function losers(
  name: string,
  heads: readonly RemoteHead[],
  kept: RemoteHead | undefined,
  nameBytesMax: number,
): readonly Loser[] {
  const seen = kept === undefined ? [] : [kept]
  const taken = new Set<string>()
  const found: Loser[] = []
  for (const head of heads) {
    if (seen.some(({ content }) => sameBytes(content, head.content))) continue
    seen.push(head)
    let attempt = 1
    while (taken.has(conflictName(name, head, attempt, nameBytesMax))) attempt += 1
    const loser = { head, conflictName: conflictName(name, head, attempt, nameBytesMax) }
    taken.add(loser.conflictName)
    found.push(loser)
  }
  return found
}
