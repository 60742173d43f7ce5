import t from 'tap'
import { TorcError } from '../../src/errors.js'
import { checkedFacts, refuseSeal, sealedOnce, withLateFacts } from '../../src/store/late-facts.js'

t.test('a seal is asked once, whether it answers or throws', async t => {
  let asked = 0
  const seal = sealedOnce(() => ({ etag: `etag-${++asked}` }))
  t.strictSame([seal?.(), seal?.()], Array(2).fill({ etag: 'etag-1', metadata: undefined }))
  const refusing = sealedOnce(() => {
    throw new TorcError('CHECKSUM', `refused ${++asked}`)
  })
  for (let i = 0; i < 2; i++) t.throws(() => refusing?.(), { code: 'CHECKSUM', message: 'refused 2' })
  t.equal(sealedOnce(undefined), undefined)
})

t.test('what no version can have', async t => {
  for (const etag of ['', 'x'.repeat(129), 'ü', 'a\tb']) {
    t.throws(() => checkedFacts({ etag }), { code: 'BAD_REQUEST' })
    t.throws(() => sealedOnce(() => ({ etag }))?.(), { code: 'BAD_REQUEST' })
  }
  const metadata = Array.from({ length: 65 }, () => ['a', 'b'] as const)
  t.throws(() => checkedFacts({ metadata }), { code: 'BAD_REQUEST' })
  const half = Object.freeze(metadata.slice(0, 33))
  t.strictSame(checkedFacts({ etag: 'x'.repeat(128), metadata: half }).metadata, half)
  t.throws(() => withLateFacts({ metadata: half }, { metadata: half }), { code: 'BAD_REQUEST' })
  t.throws(() => refuseSeal({ seal: () => ({}) }), { code: 'BAD_REQUEST' })
  refuseSeal({})
})

t.test('what is learned late goes before an etag and behind metadata', async t => {
  const before = { etag: 'a', metadata: [['1', '2'] as const], more: true }
  t.equal(withLateFacts(before, undefined), before)
  t.equal(withLateFacts(before, {}), before)
  t.strictSame(withLateFacts(before, { etag: 'b' }), { ...before, etag: 'b' })
  t.strictSame(withLateFacts(before, { metadata: [['3', '4']] }).metadata, [
    ['1', '2'],
    ['3', '4'],
  ])
})
