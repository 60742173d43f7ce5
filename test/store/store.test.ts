import t from 'tap'
import { startMemoryCluster } from '../uploads/memory-cluster.js'
import { checkLateFacts } from './late-facts.js'
import { checkTagsAtCreation } from './tags-at-creation.js'

const cluster = await startMemoryCluster()
t.teardown(() => cluster.stop())

t.test('in process', async t => {
  checkLateFacts(t, 'in-process', async () => cluster.inProcess)
  checkTagsAtCreation(t, 'in-process', async () => cluster.inProcess)
})

t.test('over the wire', async t => {
  checkLateFacts(t, 'remote', async () => cluster.remote)
  checkTagsAtCreation(t, 'remote', async () => cluster.remote)
})
