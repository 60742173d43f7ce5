import type { Triple } from '../trees/entry.js'
import { resolveHeads } from './decide-file.js'
import { firstHead, remoteState, syncedWith } from './heads.js'
import type { Step } from './step.js'

/** What lies below a folder once the plan is carried out. Asked only where it matters. */
export interface FolderFacts {
  readonly staysHere: () => boolean
  readonly staysThere: () => boolean
  readonly nameBytesMax: number
}

/** The step for the name of a folder. */
export function decideFolder(name: string, triple: Triple, facts: FolderFacts): Step | undefined {
  const state = remoteState(triple)
  if (state === 'conflicting') return resolveHeads(name, triple, facts.nameBytesMax)
  return triple.local === undefined ? goneHere(name, triple, facts) : isHere(name, triple, facts)
}

function isHere(name: string, triple: Triple, facts: FolderFacts): Step | undefined {
  const { local, remote, synced } = triple
  if (local === undefined) return undefined
  if (remote === undefined) {
    if (synced === undefined) return { does: 'upload', name, local, context: '', why: 'new here' }
    if (!facts.staysHere()) {
      return { does: 'removeLocal', name, expected: local.fingerprint, why: 'deleted in the store' }
    }
    const why = 'deleted in the store, but there are new things in it'
    return { does: 'upload', name, local, context: synced.context, why }
  }
  const own = remote.heads[0]
  if (synced !== undefined && own?.versionId === synced.versionId && remoteState(triple) !== 'rewritten') {
    // An implied folder would go with the last file below it, which the user removed, but not the folder.
    if (own !== undefined || facts.staysThere()) return undefined
    return { does: 'upload', name, local, context: '', why: 'emptied here' }
  }
  if (own === undefined && synced === undefined && !facts.staysThere()) {
    return { does: 'upload', name, local, context: '', why: 'emptied here' }
  }
  const why = synced === undefined ? 'there on both sides' : 'written again in the store'
  return { does: 'adopt', name, synced: syncedWith(local, remote), why }
}

function goneHere(name: string, triple: Triple, facts: FolderFacts): Step | undefined {
  const { remote, synced } = triple
  if (remote === undefined) return synced && { does: 'forget', name, why: 'gone from both sides' }
  const head = remote.heads.length === 0 ? undefined : firstHead(remote)
  const make = (why: string): Step => ({ does: 'makeFolder', name, head, context: remote.context, why })
  if (synced === undefined) {
    // One that is only implied goes by itself with what is removed below it.
    return head !== undefined || facts.staysThere() ? make('new in the store') : undefined
  }
  if (facts.staysThere()) return make('deleted here, but there are new things in it')
  if (head === undefined) return undefined
  if (synced.versionId === undefined) return make('deleted here, but made in the store')
  const context = remoteState(triple) === 'rewritten' ? remote.context : synced.context
  return { does: 'removeRemote', name, context, why: 'deleted here' }
}
