import { systemHasher } from '@torc/protocol/environment/system'
import fc from 'fast-check'
import t from 'tap'
import { blockPartition } from '../../src/ring/partition.js'
import {
  hashesOf,
  positionsOf,
  slotOf,
  slotOfLeaf,
  treeLeaves,
  treePosition,
  treePositions,
} from '../../src/trees/tree-shape.js'

const partitionCounts = fc.nat({ max: 16 }).map(bits => 2 ** bits)
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })

t.test('a leaf follows the bits of the partition, and is a range of positions and of hashes', async () => {
  fc.assert(
    fc.property(hash, partitionCounts, (hash, partitions) => {
      const position = treePosition(hash)
      const slot = slotOf(position, partitions)
      const { first, last } = positionsOf(slot, partitions)
      const range = hashesOf(slot, partitions)
      return (
        Math.floor(slot / treeLeaves) === blockPartition(hash, partitions) &&
        position >= first &&
        position <= last &&
        Buffer.compare(hash, range.first) >= 0 &&
        (range.end === undefined || Buffer.compare(hash, range.end) < 0)
      )
    }),
  )
})

t.test('leaves cover all hashes and none twice', async t => {
  for (const partitions of [1, 2, 256, 65_536]) {
    const lastSlot = slotOfLeaf(partitions - 1, treeLeaves - 1)
    t.equal(positionsOf(0, partitions).first, 0)
    t.equal(positionsOf(lastSlot, partitions).last, treePositions - 1)
    t.equal(hashesOf(lastSlot, partitions).end, undefined)
    t.same(hashesOf(1, partitions).first, hashesOf(0, partitions).end)
  }
  t.equal(treePosition(new Uint8Array(32).fill(255)), treePositions - 1)
})

t.test('with 256 partitions, the first 14 bits', async t => {
  const key = systemHasher.sha256(Buffer.from('some key'))
  const first14 = (((key[0] ?? 0) << 8) | (key[1] ?? 0)) >>> 2
  t.equal(slotOf(treePosition(key), 256), first14)
})
