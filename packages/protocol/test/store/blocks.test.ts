import t from 'tap'
import { blockPlacesOf } from '../../src/store/blocks.js'

t.test('blocks of an answer, as the library gives them', async t => {
  const hash = new Uint8Array(32).fill(0x0a)
  const blocks = [
    { position: 4, hash, size: 9, owners: [['agent-1', 'stored'] as [string, 'stored']] },
    { position: 5, hash, size: 9, owners: [] },
  ]
  const block = { bucket: 'b', key: 'k', versionId: 'v', size: 9, hash: '0a'.repeat(32) }
  t.same(blockPlacesOf('b', 'k', { versionId: 'v', blocks }), [
    { ...block, position: 4, owners: [{ agent: 'agent-1', state: 'stored' }] },
    { ...block, position: 5, owners: [] },
  ])
})
