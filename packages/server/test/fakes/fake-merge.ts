import { contextOfDots, covers, decodeContext, subtractContexts } from '@torc/cluster/clocks/causal-context'
import { actorId, dotText } from '@torc/cluster/clocks/dot'
import { noAttributes } from '@torc/cluster/state/attributes'
import { decodeAttributes } from '@torc/cluster/state/attributes-codec'
import { makeState, mergeStates } from '@torc/cluster/state/key-state'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import type { RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import type { StoredKey } from './fake-reads.js'

/** Joins what a merge brings into a key's state; with the ids of versions that went. */
export function mergeInto(
  stored: StoredKey,
  head: RequestOf<'merge'>,
  body: Uint8Array | undefined,
): { readonly outcome: ResponseOf<'merge'>['outcome']; readonly removed: string[] } {
  const before = stored.state
  const kept = (head.keep ?? []).map(([actor, counter]) => before.versions.get(`${actor}:${counter}`))
  const versions = kept.filter(version => version !== undefined)
  const arriving = head.record === undefined ? undefined : decodeVersion(head.record)
  if (arriving !== undefined) versions.push(arriving)
  const attributes =
    head.attributes === undefined ? noAttributes : decodeAttributes(head.attributes, 'BAD_REQUEST')
  const context = decodeContext(head.context)
  // What is kept and not here must stay outside (`planMerge`).
  const absent = (head.keep ?? []).filter(([actor, counter]) => !before.versions.has(`${actor}:${counter}`))
  const known = subtractContexts(
    context,
    contextOfDots(
      absent
        .map(([actor, counter]) => ({ actor: actorId(actor), counter }))
        .filter(dot => !covers(before.context, dot)),
    ),
  )
  stored.state = mergeStates(before, makeState(known, versions, attributes))
  const dot = arriving === undefined ? '' : dotText(arriving.dot)
  const held = stored.state.versions.has(dot)
  const outcome = before.versions.has(dot) ? 'had' : held || arriving === undefined ? 'stored' : 'seen'
  if (outcome === 'stored' && arriving !== undefined && body !== undefined) stored.bodies.set(dot, body)
  const removed = [...before.versions]
    .filter(([gone]) => !stored.state.versions.has(gone))
    .map(([, v]) => v.id)
  const how =
    arriving !== undefined
      ? 'pruned'
      : head.keep?.length === 0 && head.attributes === undefined
        ? 'purged'
        : 'merged'
  stored.removed.push(...removed.map((id): [string, typeof how] => [id, how]))
  return { outcome, removed }
}
