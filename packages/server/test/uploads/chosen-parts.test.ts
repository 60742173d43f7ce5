import type { Version } from '@torc/cluster/state/version'
import { limits } from '@torc/protocol/limits'
import t from 'tap'
import { checkOrder, joinParts, PartSelection } from '../../src/uploads/chosen-parts.js'
import { fakeEnvironment } from '../fakes/fake-environment.js'

const { hasher } = fakeEnvironment(1)

/** As much of a version as a part needs. */
function part(partNumber: number, sizes: readonly number[] = [partNumber]) {
  const blocks = sizes.map((size, i) => ({ hash: Buffer.alloc(32, partNumber + i), size }))
  const size = sizes.reduce((sum, one) => sum + one, 0)
  const version = {
    ...{ etag: `e${partNumber}`, size, sha256: hasher.sha256(Buffer.from([partNumber])) },
    ...{ kind: 'object', blocks: sizes.length === 0 ? undefined : blocks },
  } as unknown as Version
  return { partNumber, version, hasSiblings: false }
}
const wanted = (...numbers: number[]) => numbers.map(partNumber => ({ partNumber, etag: `e${partNumber}` }))

t.test('the order of numbers', async t => {
  checkOrder(wanted(1, 2, 10_000))
  const invalid = { code: 'INVALID_PART' }
  for (const numbers of [[], [2, 1], [1, 1], [0], [-1, 1], [1.5], [Number.NaN], [1, 10_001]])
    t.throws(() => checkOrder(wanted(...numbers)), invalid, numbers.join())
})

t.test('parts are picked over the pages, and no more is read than needed', async t => {
  const selection = new PartSelection(wanted(2, 3, 7))
  t.ok(selection.take([part(1), part(2)]))
  t.ok(selection.take([part(3), part(5)]))
  t.notOk(selection.take([part(7), part(8)]), 'enough')
  t.strictSame(
    selection.finish().map(({ etag }) => etag),
    ['e2', 'e3', 'e7'],
  )
})

t.test('one that is not there, between others or at the end', async t => {
  const fails = { code: 'INVALID_PART', details: { partNumber: 3 } }
  t.throws(() => new PartSelection(wanted(2, 3)).take([part(2), part(4)]), fails)
  const selection = new PartSelection(wanted(2, 3))
  selection.take([part(2)])
  t.throws(() => selection.finish(), fails)
  const other = [{ partNumber: 3, etag: 'other' }]
  t.throws(() => new PartSelection(other).take([part(3)]), { ...fails, message: /etag e3, not other/ })
})

t.test('more than an object may have', async t => {
  const bytes = new PartSelection(wanted(1, 2))
  const large = { code: 'TOO_LARGE' }
  t.throws(() => bytes.take([part(1, [limits.objectBytesMax]), part(2)]), { ...large, message: /bytes/ })
  const blocks = new PartSelection(wanted(1, 2))
  const many = Array.from({ length: limits.objectBlocksMax }, () => 1)
  t.throws(() => blocks.take([part(1, many), part(2)]), { ...large, message: /blocks/ })
  t.ok(new PartSelection(wanted(1)).take([part(1, many)]))
})

t.test('together they have the blocks of all, and the digest of their digests', async t => {
  const parts = [part(1, [10, 5]), part(2, []), part(3)].map(({ version }) => version)
  const joined = joinParts(hasher, parts)
  t.strictSame(joined.partBlocks, [2, 0, 1])
  t.strictSame(
    joined.blocks?.map(({ size }) => size),
    [10, 5, 3],
  )
  t.equal(joined.size, 18)
  t.strictSame(joined.sha256, hasher.sha256(Buffer.concat(parts.map(({ sha256 }) => sha256))))
})
