import t from 'tap'
import { checkAccess } from './s3/access.js'
import { checkListings } from './s3/listings.js'
import { checkObjects } from './s3/objects.js'
import { startS3Cluster } from './s3/s3-cluster.js'
import { checkUploads } from './s3/uploads.js'
import { checkVersions } from './s3/versions.js'

// A day of work with the SDK that people use, over real HTTP, in front of a server and three agents.
const cluster = await startS3Cluster()
t.teardown(() => cluster.stop())

t.test('objects', async t => checkObjects(t, cluster))
t.test('uploads in parts', async t => checkUploads(t, cluster))
t.test('listings', async t => checkListings(t, cluster))
t.test('versions', async t => checkVersions(t, cluster))
t.test('access', async t => checkAccess(t, cluster))
