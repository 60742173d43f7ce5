import t from 'tap'
import { collectionArguments, collectionOf } from '../../src/node/collection-options.js'

t.test('what is said is handed on, and nothing else', async t => {
  const given = { blockGrace: 60_000, uploadExpiry: 500 }
  t.same(collectionOf(given), { graceMs: 60_000, uploadMs: 500 })
  t.same(collectionArguments(given), ['--block-grace', '60000ms', '--upload-expiry', '500ms'])
  const none = { blockGrace: undefined, uploadExpiry: undefined }
  t.same(collectionOf(none), { graceMs: undefined, uploadMs: undefined })
  t.same(collectionArguments(none), [])
  t.same(collectionArguments({ ...none, blockGrace: 0 }), ['--block-grace', '0ms'])
})
