import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect, type ListEntry, type Store } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import t, { type Test } from 'tap'
import { type Cluster, startCluster } from '../harness/processes/cluster.js'
import { ReplicaProbe } from '../harness/replicas/replica-probe.js'

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))

/** What `torc ls --versions --json` printed when the directory was made. */
const listing = readFileSync(fixture('data-schema-1.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line) as Record<string, unknown>)

function versionsOf(key: string): string[] {
  return listing.filter(entry => entry.key === key).map(({ versionId }) => String(versionId))
}

async function connectTo(t: Test, cluster: Cluster): Promise<Store> {
  const store = await connect({
    servers: [cluster.server],
    credentials: readCredentials(cluster.credentials),
  })
  t.teardown(() => store.close())
  return store
}

async function textOf(store: Store, key: string, versionId?: string): Promise<string> {
  return await (await store.get('plain', key, { versionId })).text()
}

async function listed(store: Store, bucket: string, prefix?: string): Promise<ListEntry[]> {
  const entries: ListEntry[] = []
  for await (const entry of store.versions(bucket, { prefix })) entries.push(entry)
  return entries
}

/** All that was stored when the directory was made. */
async function checkOldContent(t: Test, store: Store): Promise<void> {
  for (const [index, versionId] of versionsOf('history').entries()) {
    const n = 5 - index
    const version = await store.get('plain', 'history', { versionId })
    t.equal(await version.text(), `version ${n} of the history\n`)
    t.match(version, { contentType: 'text/plain', metadata: [['n', String(n)]] })
  }
  const [right, left, base] = versionsOf('siblings')
  t.equal(await textOf(store, 'siblings', right), 'right\n')
  t.equal(await textOf(store, 'siblings', left), 'left\n')
  t.equal(await textOf(store, 'siblings', base), 'a\n')
  const [, hidden] = versionsOf('marked')
  t.equal(await textOf(store, 'marked', hidden), 'hidden\n')
  const large = await (await store.get('plain', 'blocks/large')).bytes()
  t.ok(Buffer.alloc(40_000, 'x').equals(large))
  const { sha256 } = await store.head('plain', 'blocks/large')
  t.equal(sha256, createHash('sha256').update(large).digest('hex'))
  t.equal(await (await store.get('narrow', 'dir/ünï')).text(), 'n\n')
}

/** What the first schema did not count was counted when the index was brought up to date. */
async function checkOldBytes(t: Test, store: Store): Promise<void> {
  const { members, logicalBytes, physicalBytes } = await store.status()
  const large = 40_000
  let sum = 0
  for (const { role, bodyBytes = 0, inlineBytes, blockBytes, storedBytes } of members) {
    if (role !== 'agent') continue
    t.ok(bodyBytes > large, 'small bodies count too')
    t.match({ inlineBytes, blockBytes, storedBytes }, { inlineBytes: bodyBytes - large, blockBytes: large })
    t.equal(storedBytes, large)
    sum += bodyBytes
  }
  t.match({ logicalBytes, physicalBytes }, { logicalBytes: sum, physicalBytes: sum })
}

t.test('a data directory of the first schema opens, keeps everything and goes on', async t => {
  const cluster = await startCluster({
    prepare: data => execFileSync('tar', ['-xzf', fixture('data-schema-1.tar.gz'), '-C', join(data, '..')]),
  })
  t.teardown(() => cluster.stop())
  const store = await connectTo(t, cluster)
  for (const bucket of ['plain', 'narrow']) {
    const list = await cluster.torc(['ls', bucket, '--recursive', '--versions', '--json'])
    const wanted = listing.filter(entry => entry.bucket === bucket)
    t.match(list.records(), wanted)
    t.equal(list.records().length, wanted.length, 'and nothing else')
  }
  await checkOldContent(t, store)
  await checkOldBytes(t, store)
  t.match(await store.head('plain', 'siblings'), {
    versionId: versionsOf('siblings')[0],
    siblings: [versionsOf('siblings')[1]],
  })
  await t.rejects(store.get('plain', 'marked'), { code: 'KEY_NOT_FOUND' })
  await t.rejects(store.get('plain', 'purged'), { code: 'KEY_NOT_FOUND' })
  t.match(await store.headBucket('plain'), { replicas: 3, policy: 'all' })
  t.match(await store.headBucket('narrow'), { replicas: 2, readQuorum: 1, writeQuorum: 1, policy: 'all' })

  // It goes on, with what the first schema did not know yet.
  const third = listing.find(entry => entry.versionId === versionsOf('history')[2])
  const at = new Date(Date.parse(String(third?.createdAt)) + 1)
  t.equal(await (await store.get('plain', 'history', { at })).text(), 'version 3 of the history\n')
  const sixth = await store.put('plain', 'history', 'version 6')
  t.strictSame(sixth.siblings, [])
  const { context } = await store.head('plain', 'siblings')
  const resolved = await store.put('plain', 'siblings', 'resolved', { context })
  t.strictSame(resolved.siblings, [])
  await store.setTags('plain', 'history', { set: { kept: 'yes' } }, { versionId: versionsOf('history')[4] })
  await store.setPolicy({ bucket: 'plain', key: 'marked' }, 'global:2')
  const again = await store.put('plain', 'marked', 'there again')
  await store.put('plain', 'purged', 'made again')

  await cluster.restart()
  const later = await connectTo(t, cluster)
  const keys = ['history', 'siblings', 'marked', 'purged']
  const [history, siblings, marked, purged] = await Promise.all(
    keys.map(async key =>
      (await listed(later, 'plain', key)).map(entry => ('key' in entry ? entry.versionId : '')),
    ),
  )
  t.strictSame(history, [sixth.versionId, ...versionsOf('history')])
  t.strictSame(siblings, [resolved.versionId, ...versionsOf('siblings')])
  t.strictSame(marked, [again.versionId, versionsOf('marked')[0]], 'the oldest went')
  t.equal(purged?.length, 1, 'what was purged stays purged')
  t.equal(await textOf(later, 'history'), 'version 6')
  t.match(await later.tags('plain', 'history', { versionId: versionsOf('history')[4] }), {
    tags: { kept: 'yes' },
  })
  t.match(await later.policy({ bucket: 'plain', key: 'marked' }), { policy: 'global:2', from: 'object' })

  const probe = ReplicaProbe.ofProcesses(
    join(cluster.data, 'cluster-secret.json'),
    cluster.agents.map(({ address }) => address),
  )
  t.teardown(() => probe.close())
  for (const key of keys) {
    await later.head('plain', key)
    await probe.settled('plain', key)
  }
})
