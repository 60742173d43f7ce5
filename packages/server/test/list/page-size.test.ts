import { limits } from '@torc/protocol/limits'
import fc from 'fast-check'
import t from 'tap'
import { PageSize, pageKeysMin } from '../../src/list/page-size.js'

t.test('a plain page asks each agent for about its share of what is wanted', t => {
  t.equal(new PageSize(1, limits.listLimitMax).next({ found: 0, wanted: 1000 }), 1000)
  t.equal(new PageSize(1, limits.listLimitMax).next({ found: 0, wanted: 100 }), 100)
  t.equal(new PageSize(1, limits.listLimitMax).next({ found: 0, wanted: 1 }), 16)
  const share = new PageSize(0.25, limits.listLimitMax).next({ found: 0, wanted: 1000 })
  t.ok(share > 250 && share < 300, `${share}`)
  t.end()
})

t.test('where most keys show, the rest is asked for and no more', t => {
  const size = new PageSize(1, limits.listLimitMax)
  t.equal(size.next({ found: 0, wanted: 100 }), 100)
  t.equal(size.next({ found: 80, wanted: 20 }), 20)
  t.end()
})

t.test('where few keys show, pages double', t => {
  const size = new PageSize(1, limits.listLimitMax)
  const sizes = Array.from({ length: 6 }, () => size.next({ found: 0, wanted: 40 }))
  t.strictSame(sizes, [40, 80, 160, 320, 640, 1000])
  const gathered = new PageSize(1, 256)
  t.strictSame(
    [gathered.next(undefined), gathered.next(undefined), gathered.next(undefined)],
    [256, 512, 1000],
  )
  t.end()
})

t.test('keys with many versions: as many as showed to be needed', t => {
  const size = new PageSize(1, pageKeysMin)
  t.equal(size.next({ found: 0, wanted: 1000 }), 16)
  t.equal(size.next({ found: 160, wanted: 840 }), 84)
  t.end()
})

t.test('behind a seek it begins small again', t => {
  const size = new PageSize(1, limits.listLimitMax)
  for (let i = 0; i < 5; i++) size.next({ found: 0, wanted: 1000 })
  size.restart()
  t.equal(size.next({ found: 1, wanted: 999 }), pageKeysMin)
  t.end()
})

t.test(
  'property: the first page nearly always suffices, and together they are no more than a little above',
  async () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 1000 }),
        (share, wanted) => {
          const asked = new PageSize(share, limits.listLimitMax).next({ found: 0, wanted })
          return (
            asked >= Math.floor(wanted * share) &&
            asked <= Math.max(16, wanted * share + 2 * Math.sqrt(wanted) + 1)
          )
        },
      ),
    )
  },
)
