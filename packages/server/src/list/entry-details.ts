import { emptyContext, joinContexts } from '@torc/cluster/clocks/causal-context'
import { encodeToken } from '@torc/cluster/clocks/token'
import { contextAfterWrite, type Version } from '@torc/cluster/state/version'

/** Of a pair of metadata on the wire, without its texts (an upper bound). */
const pairBytes = 8
/** Of a part's size on the wire. */
const partBytes = 9
/** Of the other details: the digest, and names of fields. */
const otherBytes = 96

/** The token of a write that covers just these versions, and what they cover. */
export function tokenOfVersions(versions: readonly Version[], bucketId: Uint8Array, key: string): string {
  let context = emptyContext
  let newest = 0
  let seq = 0
  for (const version of versions) {
    context = joinContexts(context, contextAfterWrite(version))
    newest = Math.max(newest, version.createdAt)
    seq = Math.max(seq, version.seq)
  }
  return encodeToken(context, bucketId, key, { newest, seq })
}

/** What the details of an entry add to a page, in bytes on the wire (an upper bound). */
export function detailBytes({ contentType, metadata, partBlocks = [] }: Version, token: string): number {
  let bytes = otherBytes + Buffer.byteLength(contentType) + token.length + partBlocks.length * partBytes
  for (const [name, value] of metadata)
    bytes += pairBytes + Buffer.byteLength(name) + Buffer.byteLength(value)
  return bytes
}
