import t from 'tap'
import { collectionArguments, collectionOf } from '../../src/node/collection-options.js'

t.test('what is said is handed on, and nothing else', async t => {
  const given = { blockGrace: 60_000, uploadExpiry: 500, collectAfter: 2_000, keepChanges: 9 }
  t.same(collectionOf(given), { graceMs: 60_000, uploadMs: 500, remainderMs: 2_000 })
  t.same(collectionArguments(given), [
    ...['--block-grace', '60000ms', '--upload-expiry', '500ms'],
    ...['--collect-after', '2000ms', '--keep-changes', '9'],
  ])
  const none = {
    blockGrace: undefined,
    uploadExpiry: undefined,
    collectAfter: undefined,
    keepChanges: undefined,
  }
  t.same(collectionOf(none), { graceMs: undefined, uploadMs: undefined, remainderMs: undefined })
  t.same(collectionArguments(none), [])
  t.same(collectionArguments({ ...none, blockGrace: 0 }), ['--block-grace', '0ms'])
})
