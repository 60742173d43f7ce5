import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { Crc32c } from './crc32c.js'
import { Crc64Nvme } from './crc64nvme.js'

/** Over bytes as they come. */
export interface RunningChecksum {
  update(bytes: Uint8Array): void
  digest(): Buffer
}

interface AlgorithmRow {
  /** As headers and elements of XML name it. */
  readonly header: `x-amz-checksum-${string}`
  readonly element: `Checksum${string}`
  readonly bytes: number
  /** Reflected polynomial, where the checksums of parts can be joined to that of the whole. */
  readonly polynomial: bigint | undefined
  readonly start: () => RunningChecksum
}

/** The checksums that S3 knows, by the names that clients give. */
const table = {
  CRC32: {
    header: 'x-amz-checksum-crc32',
    element: 'ChecksumCRC32',
    bytes: 4,
    polynomial: 0xedb88320n,
    start: startCrc32,
  },
  CRC32C: {
    header: 'x-amz-checksum-crc32c',
    element: 'ChecksumCRC32C',
    bytes: 4,
    polynomial: 0x82f63b78n,
    start: () => new Crc32c(),
  },
  CRC64NVME: {
    header: 'x-amz-checksum-crc64nvme',
    element: 'ChecksumCRC64NVME',
    bytes: 8,
    polynomial: 0x9a6c9329ac4bc9b5n,
    start: () => new Crc64Nvme(),
  },
  SHA1: {
    header: 'x-amz-checksum-sha1',
    element: 'ChecksumSHA1',
    bytes: 20,
    polynomial: undefined,
    start: () => startHash('sha1'),
  },
  SHA256: {
    header: 'x-amz-checksum-sha256',
    element: 'ChecksumSHA256',
    bytes: 32,
    polynomial: undefined,
    start: () => startHash('sha256'),
  },
} as const satisfies Record<string, AlgorithmRow>

export type ChecksumAlgorithm = keyof typeof table
export const checksumAlgorithms: Readonly<Record<ChecksumAlgorithm, AlgorithmRow>> = table
export const algorithmNames = Object.keys(table) as readonly ChecksumAlgorithm[]

/** Of a whole body, or (of an object in parts) of the checksums of its parts. */
export const checksumTypes = ['FULL_OBJECT', 'COMPOSITE'] as const
export type ChecksumType = (typeof checksumTypes)[number]

/** The algorithm of a name as clients give it, in any case. */
export function algorithmNamed(name: string): ChecksumAlgorithm | undefined {
  const upper = name.toUpperCase()
  return algorithmNames.find(known => known === upper)
}

/** The algorithm whose header this is. */
export function algorithmOfHeader(header: string): ChecksumAlgorithm | undefined {
  return algorithmNames.find(name => table[name].header === header)
}

/** Whether a text is base64 of as many bytes as the algorithm makes. */
export function isChecksum(algorithm: ChecksumAlgorithm, text: string): boolean {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === table[algorithm].bytes && bytes.toString('base64') === text
}

function startHash(name: 'sha1' | 'sha256'): RunningChecksum {
  const hash = createHash(name)
  return { update: bytes => void hash.update(bytes), digest: () => hash.digest() }
}

function startCrc32(): RunningChecksum {
  let value = 0
  return {
    update(bytes) {
      // Of no bytes at all it may answer 0, whatever came before.
      if (bytes.length > 0) value = crc32(bytes, value)
    },
    digest: () => wordOf(value),
  }
}

function wordOf(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0, 0)
  return bytes
}
