import type { CausalContext } from '@torc/cluster/clocks/causal-context'
import { encodeToken } from '@torc/cluster/clocks/token'
import type { Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Coordination } from '../core/coordination.js'
import type { Deadline } from '../core/deadline.js'
import type { Placement } from '../core/placement.js'
import type { Removal } from './key-state-read.js'
import { timeText } from './past-time.js'
import { readMerged } from './reconcile.js'

interface NamedKey {
  readonly bucket: BucketView
  readonly key: string
}

/** No version has the id (or prefix): VERSION_REMOVED when there was one, VERSION_NOT_FOUND when nobody knows of it. */
export function versionNotFound(
  request: NamedKey,
  versionId: string,
  removed: readonly Removal[],
): TorcError {
  const what = `${request.bucket.name}/${request.key}`
  const gone = removedMatch(versionId, removed)
  if (gone === undefined) return new TorcError('VERSION_NOT_FOUND', `${what} has no version ${versionId}`)
  const [id, how] = gone
  return new TorcError('VERSION_REMOVED', `version ${id} of ${what} ${removalText[how]}`, {
    details: { versionId: id, how },
  })
}

const removalText = {
  pruned: 'was pruned by the retention policy, or replaced as a null version',
  purged: 'was purged',
  merged: 'has been removed',
} as const

/** Owners that learned of a removal by repair know less of it than the others; undefined also for several ids. */
function removedMatch(versionId: string, removed: readonly Removal[]): Removal | undefined {
  const exact = removed.filter(([id]) => id === versionId)
  const matches = exact.length > 0 ? exact : removed.filter(([id]) => id.startsWith(versionId))
  if (new Set(matches.map(([id]) => id)).size !== 1) return undefined
  const how = (wanted: Removal[1]) => matches.find(([, known]) => known === wanted)
  return how('pruned') ?? how('purged') ?? how('merged')
}

interface SeenHeads {
  readonly heads: readonly Version[]
  readonly context: CausalContext
  readonly newest: number
  readonly seq: number
}

/**
 * There is nothing to read: no head, or the latest one is a delete marker. Then `details` name it, the other heads,
 * and the token of a write that answers to this read.
 */
export function keyNotFound({ bucket, key }: NamedKey, read?: SeenHeads): TorcError {
  const [marker, ...others] = read?.heads ?? []
  const what = `${bucket.name}/${key}`
  if (read === undefined || marker === undefined) return new TorcError('KEY_NOT_FOUND', `there is no ${what}`)
  const { context, newest, seq } = read
  return new TorcError('KEY_NOT_FOUND', `${what} is deleted`, {
    hint:
      others.length === 0
        ? `Bring it back by removing its delete marker: \`torc rm ${what} --version-id ${marker.id}\`.`
        : `It was written at the same time: see all heads with \`torc get ${what} --all-siblings DIR\`, or remove the delete marker with \`torc rm ${what} --version-id ${marker.id}\`.`,
    details: {
      marker: marker.id,
      siblings: others.map(head => head.id),
      context: encodeToken(context, bucket.id, key, { newest, seq }),
    },
  })
}

/** Says what there was then and, where the key has later versions, when the oldest of them was made. */
export async function keyNotFoundAsOf(
  c: Coordination,
  request: NamedKey,
  at: number,
  { placement: p, heads }: { readonly placement: Placement; readonly heads: readonly Version[] },
  deadline: Deadline,
): Promise<TorcError> {
  const what = `${request.bucket.name}/${request.key}`
  const time = timeText(at)
  const marker = heads[0]
  if (marker !== undefined) {
    return new TorcError('KEY_NOT_FOUND', `${what} was deleted at ${time}`, {
      hint: `Its delete marker is ${marker.id}; see the versions below it with \`torc log ${what}\`.`,
      details: { marker: marker.id, siblings: heads.slice(1).map(head => head.id) },
    })
  }
  const { state } = await readMerged(c, p, p.readQuorum, deadline)
  let oldest: number | undefined
  for (const { createdAt } of state.versions.values())
    if (oldest === undefined || createdAt < oldest) oldest = createdAt
  const message = `there was no ${what} at ${time}`
  if (oldest === undefined) return new TorcError('KEY_NOT_FOUND', message)
  return new TorcError('KEY_NOT_FOUND', message, {
    hint: `The oldest version that is there is of ${timeText(oldest)}; see them with \`torc log ${what}\`.`,
    details: { oldest: timeText(oldest) },
  })
}
