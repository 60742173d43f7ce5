import { randomBytes, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'
import t from 'tap'
import {
  algorithmNames,
  type ChecksumAlgorithm,
  checksumAlgorithms,
  isChecksum,
} from '../../../src/s3/checksums/algorithms.js'
import { joinCrcs } from '../../../src/s3/checksums/join-crc.js'
import { joinedChecksums } from '../../../src/s3/checksums/joined-checksums.js'
import { checksumPair, storedChecksum, typePair } from '../../../src/s3/checksums/stored-checksums.js'

function sum(algorithm: ChecksumAlgorithm, ...pieces: readonly Uint8Array[]): Buffer {
  const running = checksumAlgorithms[algorithm].start()
  for (const piece of pieces) running.update(piece)
  return running.digest()
}

/** As CRCs are defined: bit by bit. */
function slowCrc(bytes: Uint8Array, polynomial: bigint, bits: bigint): string {
  const ones = (1n << bits) - 1n
  let value = ones
  for (const byte of bytes) {
    value ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit++) value = (value & 1n) === 1n ? (value >> 1n) ^ polynomial : value >> 1n
  }
  return (value ^ ones).toString(16).padStart(Number(bits) / 4, '0')
}

t.test('the check values of the catalogue of CRCs', async t => {
  const digits = Buffer.from('123456789')
  const hex = (algorithm: ChecksumAlgorithm): string => sum(algorithm, digits).toString('hex')
  t.equal(hex('CRC32'), 'cbf43926')
  t.equal(hex('CRC32C'), 'e3069283')
  t.equal(hex('CRC64NVME'), 'ae8b14860a799888')
  t.equal(hex('SHA1'), 'f7c3bc1d808e04732adf679965ccc34ca7ae3441')
  t.equal(sum('SHA256').toString('hex').slice(0, 8), 'e3b0c442')
})

t.test('the same in any pieces, as bit by bit', async t => {
  for (let round = 0; round < 20; round++) {
    const bytes = randomBytes(randomInt(0, 300))
    const cut = randomInt(0, bytes.length + 1)
    for (const algorithm of algorithmNames) {
      const whole = sum(algorithm, bytes)
      const pieces = sum(algorithm, bytes.subarray(0, cut), bytes.subarray(cut))
      if (!whole.equals(pieces)) t.fail(`${algorithm} of pieces`)
      const { polynomial, bytes: width } = checksumAlgorithms[algorithm]
      if (polynomial === undefined) continue
      t.equal(whole.toString('hex'), slowCrc(bytes, polynomial, BigInt(width * 8)), algorithm)
    }
  }
})

t.test('CRCs of parts make that of the whole', async t => {
  const parts = [5000, 5000, 0, 1, 77, 5000].map(size => randomBytes(size))
  for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME'] as const) {
    const { polynomial } = checksumAlgorithms[algorithm]
    const crcs = parts.map(part => ({ crc: sum(algorithm, part), size: part.length }))
    t.equal(
      joinCrcs(crcs, polynomial ?? 0n).toString('hex'),
      sum(algorithm, ...parts).toString('hex'),
      algorithm,
    )
  }
  t.equal(
    joinCrcs([{ crc: Buffer.from('00000001', 'hex'), size: 3 }], 0xedb88320n).toString('hex'),
    '00000001',
  )
})

t.test('what an object in parts shows', async t => {
  const parts = [randomBytes(300), randomBytes(20)]
  const summed = parts.map(part => ({
    size: part.length,
    metadata: [checksumPair('CRC32', sum('CRC32', part).toString('base64'))],
  }))
  const pairs = joinedChecksums(summed)
  const full = Buffer.alloc(4)
  full.writeUInt32BE(crc32(Buffer.concat(parts)))
  t.match(storedChecksum(pairs), { algorithm: 'CRC32', type: 'COMPOSITE', value: /^.{8}-2$/ })
  t.strictSame(storedChecksum([typePair('FULL_OBJECT'), ...pairs]), {
    algorithm: 'CRC32',
    type: 'FULL_OBJECT',
    value: full.toString('base64'),
  })
  const [firstPart] = summed
  t.strictSame(
    joinedChecksums([...(firstPart === undefined ? [] : [firstPart]), { size: 1, metadata: [] }]),
    [],
  )
  t.equal(storedChecksum([['color', 'red']]), undefined)
  t.equal(storedChecksum([typePair('COMPOSITE')]), undefined)
})

t.test('texts that are none', async t => {
  t.ok(isChecksum('CRC32', 'sOO8/Q=='))
  for (const text of ['', 'sOO8/Q', 'sOO8/Q==x', 'AAAA', 'sOO8_Q==']) t.notOk(isChecksum('CRC32', text), text)
})
