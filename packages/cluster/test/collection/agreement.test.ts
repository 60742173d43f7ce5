import t from 'tap'
import { type ExaminedKey, mayCollect } from '../../src/collection/agreement.js'
import { emptyDigest } from '../../src/state/digest.js'

const digest = (n: number): Uint8Array => new Uint8Array(16).fill(n)
const nothing: ExaminedKey = { state: 'nothing', digest: emptyDigest }
const rowAlone: ExaminedKey = { state: 'remainder', digest: emptyDigest }
const remainder = (n: number): ExaminedKey => ({ state: 'remainder', digest: digest(n) })

t.test('what all have alike may go, also where some have nothing any more', async t => {
  t.ok(mayCollect([remainder(1), remainder(1), nothing]))
  t.ok(mayCollect([remainder(1), rowAlone]))
  t.ok(mayCollect([rowAlone, nothing]))
})

t.test('owners that differ level first, and whoever keeps it keeps it', async t => {
  t.notOk(mayCollect([remainder(1), remainder(2)]))
  t.notOk(mayCollect([remainder(1), { state: 'kept', digest: digest(1) }]))
  t.notOk(mayCollect([remainder(1), remainder(1), { state: 'kept', digest: emptyDigest }]))
})
