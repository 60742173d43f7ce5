import { partSizesOf, type Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import { unleased } from '@torc/protocol/frames/lease'
import { BodyDigest } from '@torc/protocol/store/body-digest'
import type { BodySource } from '../bodies/body-source.js'
import type { StoredBody } from '../bodies/stored-body.js'
import type { Coordination } from '../core/coordination.js'
import type { SharedFiles } from './shared-files.js'

/** Reads a shared file as a body to store, for as long as `use` takes. */
export async function withSharedBody<T>(
  files: SharedFiles,
  path: string,
  announced: { readonly size: number | undefined; readonly sha256: Uint8Array | undefined },
  use: (source: BodySource) => Promise<T>,
): Promise<T> {
  const file = await files.openToRead(path)
  try {
    if (announced.size !== undefined && announced.size !== file.size) {
      throw new TorcError(
        'BAD_REQUEST',
        `the file has ${file.size} bytes where ${announced.size} were announced`,
      )
    }
    return await use({
      pieces: file.size === 0 ? [] : undefined,
      stream: file.pieces,
      // A file that grows or shrinks while it is read is refused, not stored half.
      size: file.size,
      sha256: () => announced.sha256,
      discard: () => {},
    })
  } finally {
    await file.close()
  }
}

/**
 * Writes a body to a shared file: temporary name, fsync, rename. A whole body is checked against its digest before
 * it gets its name.
 */
export async function writeShared(
  c: Coordination,
  files: SharedFiles,
  path: string,
  body: StoredBody,
  version: Version,
): Promise<void> {
  const writer = await files.openToWrite(path)
  try {
    const { hasher } = c.environment
    const digest =
      body.range === undefined ? new BodyDigest(hasher, { parts: partSizesOf(version) }) : undefined
    for await (const lease of body.leases ?? (body.pieces ?? []).map(unleased)) {
      digest?.update(lease.bytes)
      await writer.write(lease.bytes)
      lease.release()
    }
    if (digest !== undefined && Buffer.compare(digest.digest(), version.sha256) !== 0) {
      throw new TorcError('CORRUPT', 'what the agents gave has another SHA-256 than what was stored')
    }
  } catch (error) {
    await writer.abort()
    throw error
  }
  await writer.commit()
}
