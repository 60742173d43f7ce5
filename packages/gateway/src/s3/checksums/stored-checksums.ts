import { type MetadataPair, s3Prefix } from '../request/stored-names.js'
import {
  algorithmNames,
  type ChecksumAlgorithm,
  type ChecksumType,
  checksumAlgorithms,
  checksumTypes,
} from './algorithms.js'

/** A checksum of an object as S3 shows it. */
export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm
  /** Base64; of a composite one with `-` and the number of its parts. */
  readonly value: string
  readonly type: ChecksumType
}

const typeName = `${s3Prefix}checksum-type`
const fullName = (algorithm: ChecksumAlgorithm): string => `${s3Prefix}${algorithm.toLowerCase()}`
const compositeName = (algorithm: ChecksumAlgorithm): string => `${fullName(algorithm)}-parts`

/** What objects in parts get where their upload does not say. */
export function defaultType(algorithm: ChecksumAlgorithm): ChecksumType {
  return algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE'
}

/** The pair of a checksum of whole bytes. */
export function checksumPair(algorithm: ChecksumAlgorithm, value: string): MetadataPair {
  return [fullName(algorithm), value]
}

/** The pair of a checksum of checksums. */
export function compositePair(algorithm: ChecksumAlgorithm, value: string): MetadataPair {
  return [compositeName(algorithm), value]
}

/** The pair that says which of both an object in parts shows: an upload says it when it begins. */
export function typePair(type: ChecksumType): MetadataPair {
  return [typeName, type]
}

/** The checksum that metadata holds; undefined where there is none. */
export function storedChecksum(metadata: readonly MetadataPair[]): StoredChecksum | undefined {
  const pairs = new Map(metadata.filter(([name]) => name.startsWith(s3Prefix)))
  if (pairs.size === 0) return undefined
  const said = checksumTypes.find(type => type === pairs.get(typeName))
  for (const algorithm of algorithmNames) {
    const full = pairs.get(fullName(algorithm))
    const composite = pairs.get(compositeName(algorithm))
    const wanted = said ?? (composite === undefined ? 'FULL_OBJECT' : defaultType(algorithm))
    if (wanted === 'FULL_OBJECT' && full !== undefined) return { algorithm, value: full, type: 'FULL_OBJECT' }
    if (composite !== undefined) return { algorithm, value: composite, type: 'COMPOSITE' }
    if (full !== undefined) return { algorithm, value: full, type: 'FULL_OBJECT' }
  }
  return undefined
}

/** As headers of an answer. */
export function checksumHeaders(checksum: StoredChecksum | undefined): Record<string, string> {
  if (checksum === undefined) return {}
  const { algorithm, value, type } = checksum
  return { [checksumAlgorithms[algorithm].header]: value, 'x-amz-checksum-type': type }
}
