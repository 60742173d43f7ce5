import t from 'tap'
import { checkUploads } from './conformance.js'
import { startMemoryCluster } from './memory-cluster.js'

const cluster = await startMemoryCluster()
t.teardown(() => cluster.stop())

checkUploads(t, 'in-process', async () => cluster.inProcess)
t.test('over the wire', async t => checkUploads(t, 'remote', async () => cluster.remote))
