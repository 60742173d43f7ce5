import type { MetadataPair } from '../request/stored-names.js'
import { checksumAlgorithms } from './algorithms.js'
import { joinCrcs } from './join-crc.js'
import { checksumPair, compositePair, storedChecksum } from './stored-checksums.js'

export interface SummedPart {
  readonly size: number
  readonly metadata: readonly MetadataPair[]
}

/**
 * The checksums of an object of those of its parts, as pairs of metadata: that of the whole where it can be joined, and
 * that of the parts' checksums. None where parts have none, or different ones.
 */
export function joinedChecksums(parts: readonly SummedPart[]): MetadataPair[] {
  const sums = parts.map(({ size, metadata }) => ({ size, checksum: storedChecksum(metadata) }))
  const algorithm = sums[0]?.checksum?.algorithm
  if (algorithm === undefined || sums.some(({ checksum }) => checksum?.algorithm !== algorithm)) return []
  const { polynomial, start } = checksumAlgorithms[algorithm]
  const crcs = sums.map(({ size, checksum }) => ({ size, crc: Buffer.from(checksum?.value ?? '', 'base64') }))
  const running = start()
  for (const { crc } of crcs) running.update(crc)
  const composite = compositePair(algorithm, `${running.digest().toString('base64')}-${parts.length}`)
  if (polynomial === undefined) return [composite]
  return [checksumPair(algorithm, joinCrcs(crcs, polynomial).toString('base64')), composite]
}
