import type { Version } from '@torc/cluster/state/version'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingBody } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'

const nothing = new Uint8Array(0)

/** The body of a request that stores its version inline; no copy when it came in one piece. */
export function readInlineBody(body: IncomingBody | undefined): Uint8Array | Promise<Uint8Array> {
  if (body === undefined) return nothing
  const { inline } = body
  if (inline === undefined) return body.bytes(limits.storedInlineBytesMax)
  const [only] = inline
  return inline.length === 1 && only !== undefined ? only : Buffer.concat(inline)
}

/** Checks what arrived against what the writer announced: CHECKSUM on a difference, before anything is stored. */
export function checkInlineBody(hasher: Hasher, bytes: Uint8Array, size: number, sha256: Uint8Array): void {
  if (bytes.length > limits.storedInlineBytesMax) {
    throw new TorcError('TOO_LARGE', `a body of ${bytes.length} bytes must be stored as blocks`)
  }
  if (bytes.length !== size) {
    throw new TorcError('CHECKSUM', `the body has ${bytes.length} bytes, ${size} were announced`)
  }
  if (Buffer.compare(hasher.sha256(bytes), sha256) !== 0) {
    throw new TorcError('CHECKSUM', 'the body that arrived has another hash than announced')
  }
}

/** Checks an inline body that was read against its version: CORRUPT when the disk gave back something else. */
export function checkStoredBody(hasher: Hasher, version: Version, bytes: Uint8Array): void {
  if (bytes.length !== version.size || Buffer.compare(hasher.sha256(bytes), version.sha256) !== 0) {
    throw new TorcError('CORRUPT', `the stored body of version ${version.id} is damaged`)
  }
}
