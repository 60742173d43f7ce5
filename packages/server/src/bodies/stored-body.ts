import { TorcError } from '@torc/protocol/errors'
import type { Lease } from '@torc/protocol/frames/lease'
import type { Coordination } from '../core/coordination.js'
import type { ReadVersion } from '../flows/get-flow.js'
import { readBlocks } from './block-reader.js'
import { type ByteRange, resolveRange } from './byte-range.js'
import { slicePieces } from './pieces.js'

/** A version's body, or a part of it, as it leaves. */
export interface StoredBody {
  /** Bytes of it. */
  readonly size: number
  /** What was asked for, where it was a range. */
  readonly range: ByteRange | undefined
  /** All of it, where it is here already. */
  readonly pieces: readonly Uint8Array[] | undefined
  /** Else pieces as they come, each to be released by its reader, */
  readonly leases: AsyncIterable<Lease> | undefined
  /** or the same for a reader that keeps them. One of the two is read. */
  readonly stream: AsyncIterable<Uint8Array> | undefined
}

/** BAD_REQUEST where the range has no byte of the object. */
export function storedBody(
  c: Coordination,
  read: ReadVersion,
  asked: readonly [first: number, last?: number | undefined] | undefined,
  limits: { readonly timeoutMs: number | undefined; readonly signal: AbortSignal | undefined },
): StoredBody {
  const { version } = read
  if (version.kind === 'marker') {
    throw new TorcError('VERSION_NOT_FOUND', `version ${version.id} is a delete marker: it has no body`)
  }
  const range = asked === undefined ? undefined : resolveRange(asked, version.size)
  const wanted = range ?? { first: 0, last: version.size - 1 }
  const size = wanted.last - wanted.first + 1
  if (read.inline !== undefined) {
    const pieces = range === undefined ? read.inline : slicePieces(read.inline, wanted.first, wanted.last + 1)
    return { size, range, pieces, leases: undefined, stream: undefined }
  }
  const { bucket, key } = read.placement
  const { opId, blocks = [] } = version
  const leases = readBlocks(c, { bucket, key, opId, blocks, range: wanted, ...limits })
  return { size, range, pieces: undefined, leases, stream: kept(leases) }
}

async function* kept(leases: AsyncIterable<Lease>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of leases) yield bytes
}
