import { sameContent, type Triple } from '../trees/entry.js'
import { firstHead, hasContent, losers, remoteState, syncedWith } from './heads.js'
import type { Step } from './step.js'

export interface FileFacts {
  /** The store has a folder of this name too, or will have. Asked only where it matters. */
  readonly folderThere: () => boolean
  readonly nameBytesMax: number
}

/** The step for the name of a file or a link. */
export function decideFile(name: string, triple: Triple, facts: FileFacts): Step | undefined {
  const step = follow(name, triple, facts)
  const { remote } = triple
  if (remote === undefined || !facts.folderThere()) return step
  // What is only here has to be in the store before it can give way; what the user removed is out of the way.
  if (step?.does === 'upload' || step?.does === 'adopt' || step?.does === 'removeRemote') return step
  return {
    does: 'giveWay',
    name,
    remote,
    losers: losers(name, remote.heads, undefined, facts.nameBytesMax),
    why: 'the store has a folder of this name too',
  }
}

function follow(name: string, triple: Triple, facts: FileFacts): Step | undefined {
  const { local, remote, synced } = triple
  const state = remoteState(triple)
  if (remote === undefined || state === 'absent' || state === 'implied') return withoutRemote(name, triple)
  if (state === 'conflicting') return conflict(name, triple, facts)
  const changedHere = local !== undefined && !(synced && sameContent(local.content, synced.content))
  if (state === 'created' || state === 'edited') {
    if (changedHere) {
      if (hasContent(remote, local)) {
        const why =
          state === 'created' ? 'new on both sides, and the same' : 'edited on both sides, and the same'
        return { does: 'adopt', name, synced: syncedWith(local, remote), why }
      }
      // Under the old context, so that it becomes a sibling of what we have not seen: the next pass resolves them.
      const why = state === 'created' ? 'new on both sides, and not the same' : 'edited on both sides'
      return { does: 'upload', name, local, context: synced?.context ?? '', why }
    }
    const newWhy = synced === undefined ? 'new in the store' : 'edited in the store'
    return {
      does: 'download',
      name,
      head: firstHead(remote),
      context: remote.context,
      expected: local?.fingerprint,
      why: local === undefined && synced !== undefined ? 'deleted here, but edited in the store' : newWhy,
    }
  }
  // The store has the content that was synced, perhaps as another version: then that is what a change here is made to.
  const context = (state === 'rewritten' ? remote.context : synced?.context) ?? ''
  if (local === undefined) return { does: 'removeRemote', name, context, why: 'deleted here' }
  if (changedHere) return { does: 'upload', name, local, context, why: 'edited here' }
  if (state === 'rewritten') {
    return { does: 'adopt', name, synced: syncedWith(local, remote), why: 'written again in the store' }
  }
  if (synced === undefined || local.fingerprint === synced.fingerprint) return undefined
  // So that the next scan knows its content without reading it.
  const learned = { ...synced, fingerprint: local.fingerprint }
  return { does: 'adopt', name, synced: learned, why: 'touched here' }
}

function withoutRemote(name: string, { local, synced }: Triple): Step | undefined {
  if (local === undefined) {
    return synced && { does: 'forget', name, why: 'gone from both sides' }
  }
  if (synced === undefined) return { does: 'upload', name, local, context: '', why: 'new here' }
  if (sameContent(local.content, synced.content)) {
    return { does: 'removeLocal', name, expected: local.fingerprint, why: 'deleted in the store' }
  }
  const why = 'edited here, though deleted in the store'
  return { does: 'upload', name, local, context: synced.context, why }
}

function conflict(name: string, triple: Triple, facts: FileFacts): Step | undefined {
  const { local, remote, synced } = triple
  if (remote === undefined) return undefined
  if (local !== undefined && !(synced && sameContent(local.content, synced.content))) {
    const context = synced?.context ?? ''
    const own = remote.heads.find(({ content }) => sameContent(content, local.content))
    if (own === undefined) {
      return { does: 'upload', name, local, context, why: 'edited here, beside a conflict in the store' }
    }
    // Not the token of all heads: what is here replaces none of the others.
    const { content, fingerprint } = local
    const learned = { content, fingerprint, versionId: own.versionId, context }
    return { does: 'adopt', name, synced: learned, why: 'what is here takes part in the conflict already' }
  }
  return resolveHeads(name, triple, facts.nameBytesMax)
}

/** Also of a folder, whose heads can only differ from a marker. */
export function resolveHeads(name: string, { remote }: Triple, nameBytesMax: number): Step | undefined {
  if (remote === undefined) return undefined
  const winner = firstHead(remote)
  return {
    does: 'resolve',
    name,
    remote,
    winner,
    losers: losers(name, remote.heads, winner, nameBytesMax),
    why: remote.besideMarker ? 'deleted by one, written by another' : 'written by several at once',
  }
}
