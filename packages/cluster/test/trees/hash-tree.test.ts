import { systemHasher } from '@torc/protocol/environment/system'
import fc from 'fast-check'
import t from 'tap'
import { emptyDigest } from '../../src/state/digest.js'
import { HashTree, type StoredLeaf } from '../../src/trees/hash-tree.js'
import { foldRoot, keyEntry, referenceEntry } from '../../src/trees/tree-entry.js'
import { slotOf, treeLeaves, treePosition } from '../../src/trees/tree-shape.js'

const hashOf = (n: number): Uint8Array => systemHasher.sha256(Buffer.from(`key ${n}`))
/** Of a key's state; the empty one at 0. */
const digestOf = (n: number): Uint8Array =>
  n === 0 ? emptyDigest : systemHasher.sha256(Buffer.from(`state ${n}`)).subarray(0, 16)

interface Change {
  readonly key: number
  readonly state: number
  readonly end: 'go on' | 'commit' | 'undo'
}
const change: fc.Arbitrary<Change> = fc.record({
  key: fc.nat({ max: 20 }),
  state: fc.nat({ max: 4 }),
  end: fc.constantFrom('go on', 'go on', 'commit', 'undo'),
})
const partitionsOf = (bits: number): number => 2 ** bits
/** How many owners hold a key of the test. */
const replicasOf = (key: number): number => 1 + (key % 3)

function treeOf(states: ReadonlyMap<number, number>, partitions: number): HashTree {
  const tree = new HashTree(partitions)
  // In another order than that of the changes.
  for (const [key, state] of [...states].reverse())
    tree.toggle(
      replicasOf(key),
      slotOf(treePosition(hashOf(key)), partitions),
      keyEntry(hashOf(key), digestOf(state)),
    )
  return tree
}

t.test('a tree that follows changes equals the one made from scratch, in whatever order', async () => {
  fc.assert(
    fc.property(fc.array(change, { size: 'large' }), fc.constantFrom(0, 4, 16), (changes, bits) => {
      const partitions = partitionsOf(bits)
      const tree = new HashTree(partitions)
      let durable = new Map<number, number>()
      let states = new Map<number, number>()
      for (const { key, state, end } of changes) {
        const slot = slotOf(treePosition(hashOf(key)), partitions)
        tree.toggle(replicasOf(key), slot, keyEntry(hashOf(key), digestOf(states.get(key) ?? 0)))
        tree.toggle(replicasOf(key), slot, keyEntry(hashOf(key), digestOf(state)))
        states.set(key, state)
        // Roots are kept: each is asked for before and after what may change it.
        for (const rank of [0, 2]) tree.root(Math.floor(slot / treeLeaves), rank)
        if (end === 'commit') {
          tree.commit()
          durable = new Map(states)
        } else if (end === 'undo') {
          tree.undo()
          states = new Map(durable)
        }
        for (const rank of [0, 2]) tree.root(Math.floor(slot / treeLeaves), rank)
      }
      const scratch = treeOf(states, partitions)
      for (const key of Array.from({ length: 21 }, (_, n) => n)) {
        const partition = Math.floor(slotOf(treePosition(hashOf(key)), partitions) / 64)
        for (const rank of [0, 1, 2, 3]) {
          const same = Buffer.compare(tree.leaves(partition, rank), scratch.leaves(partition, rank)) === 0
          if (!same || Buffer.compare(tree.root(partition, rank), scratch.root(partition, rank)) !== 0)
            return false
        }
      }
      return true
    }),
  )
})

t.test('owners compare only what both hold', async t => {
  const tree = new HashTree(4)
  tree.toggle(3, 64, digestOf(1))
  const wide = tree.root(1, 2)
  tree.toggle(2, 64, digestOf(2))
  t.same(tree.root(1, 2), wide, 'the third owner has nothing to do with a bucket of two replicas')
  t.notSame(tree.root(1, 1), wide)
  t.same(tree.root(1, 3), emptyDigest)
  t.same(tree.root(0, 0), emptyDigest)
})

t.test('what is stored brings the tree back', async t => {
  const tree = new HashTree(16)
  t.same([...tree.changed()], [])
  for (let n = 1; n < 50; n++) tree.toggle(replicasOf(n), n * 20, keyEntry(hashOf(n), digestOf(n)))
  const bySlot = (a: StoredLeaf, b: StoredLeaf): number => a.slot - b.slot
  t.same([...tree.changed()].sort(bySlot), [...tree.all()].sort(bySlot))
  const again = new HashTree(16)
  for (const leaf of tree.changed()) again.load(leaf)
  for (let partition = 0; partition < 16; partition++)
    for (const rank of [0, 1, 2]) t.same(again.leaves(partition, rank), tree.leaves(partition, rank))
  t.same([...again.changed()], [])
})

t.test('entries tell keys, states, blocks and operations apart', async t => {
  const user = { bucketId: new Uint8Array(16), key: Buffer.from('ab'), opId: new Uint8Array(16).fill(1) }
  const entries = [
    keyEntry(hashOf(1), digestOf(1)),
    keyEntry(hashOf(2), digestOf(1)),
    keyEntry(hashOf(1), digestOf(2)),
    referenceEntry(hashOf(1), user),
    referenceEntry(hashOf(2), user),
    referenceEntry(hashOf(1), { ...user, key: Buffer.from('a') }),
    referenceEntry(hashOf(1), { ...user, opId: new Uint8Array(16).fill(2) }),
  ].map(entry => Buffer.from(entry).toString('hex'))
  t.equal(new Set(entries).size, entries.length)
  t.same(keyEntry(hashOf(1), emptyDigest), emptyDigest, 'no state, no entry')
  t.same(foldRoot(new Uint8Array(1024)), emptyDigest)
})
