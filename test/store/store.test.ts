import t from 'tap'
import { startMemoryCluster } from '../uploads/memory-cluster.js'
import { checkBucketSettings } from './bucket-settings.js'
import { checkChanges } from './changes.js'
import { checkEmptyContexts } from './empty-contexts.js'
import { checkGateways } from './gateways.js'
import { checkLateFacts } from './late-facts.js'
import { checkListingDetails } from './listing-details.js'
import { checkNullVersions } from './null-versions.js'
import { checkSyncSessions } from './sync-sessions.js'
import { checkTagsAtCreation } from './tags-at-creation.js'

const cluster = await startMemoryCluster()
t.teardown(() => cluster.stop())

const implementations = [
  ['in-process', async () => cluster.inProcess],
  ['remote', async () => cluster.remote],
] as const

for (const [what, connect] of implementations) {
  t.test(what, async t => {
    checkLateFacts(t, what, connect)
    checkTagsAtCreation(t, what, connect)
    checkBucketSettings(t, what, connect)
    checkNullVersions(t, what, connect)
    checkEmptyContexts(t, what, connect)
    checkListingDetails(t, what, connect)
    checkSyncSessions(t, what, connect)
    checkChanges(t, what, connect)
  })
}

t.test('gateways', async t => {
  checkGateways(t, () => cluster)
})
