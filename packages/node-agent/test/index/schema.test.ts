import { contextOfDot, emptyContext, joinContexts } from '@torc/cluster/clocks/causal-context'
import type { ActorId } from '@torc/cluster/clocks/dot'
import { makeState } from '@torc/cluster/state/key-state'
import { encodeSummary, summaryOf } from '@torc/cluster/state/key-summary'
import type { Version } from '@torc/cluster/state/version'
import { versionIdOf } from '@torc/cluster/state/version'
import { encodeVersion } from '@torc/cluster/state/version-codec'
import { systemHasher } from '@torc/protocol/environment/system'
import t from 'tap'
import { BlockIndex, blockDamage } from '../../src/blocks/block-index.js'
import type { SqlDatabase } from '../../src/disk/disk.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { Counts } from '../../src/index/counts.js'
import { migrations } from '../../src/index/migrations.js'
import { indexVersion, migrateIndex } from '../../src/index/schema.js'
import { LeaseIndex } from '../../src/leases/lease-index.js'
import { ScrubRow } from '../../src/scrub/scrub-row.js'
import { IndexFixture, keyName, remainderMs } from './index-fixture.js'

const actor = '00000000000000aa' as ActorId

/** The versions of one key as an agent of version 1 stored them: the n-th of them says "body n". */
function history(length: number): Version[] {
  const versions: Version[] = []
  for (let counter = 1; counter <= length; counter++) {
    const opId = new Uint8Array(16).fill(counter)
    const body = Buffer.from(`body ${counter}`)
    versions.push({
      dot: { actor, counter },
      after: counter - 1,
      id: versionIdOf(opId),
      context: counter === 1 ? emptyContext : contextOfDot({ actor, counter: counter - 1 }, 0),
      kind: 'object',
      size: body.length,
      etag: 'etag-t',
      sha256: systemHasher.sha256(body),
      contentType: 'text/plain',
      metadata: [['name', 'value']],
      createdAt: 1_700_000_000_000_000 + counter,
      seq: counter,
      opId,
      blocks: undefined,
    })
  }
  return versions
}

/** An index of version 1 with one key, written with no code of today but the codecs of its records. */
function writeVersion1(database: SqlDatabase, versions: readonly Version[]): void {
  database.exec(`BEGIN; ${migrations[0]}; PRAGMA user_version = 1; COMMIT`)
  const context = versions
    .map(({ dot, after }) => contextOfDot(dot, after))
    .reduce(joinContexts, emptyContext)
  const summary = encodeSummary(summaryOf(makeState(context, versions)))
  const { bucketId, key, partition } = keyName(0)
  const bodyOf = ({ dot }: Version) => Buffer.from(`body ${dot.counter}`)
  const latest = versions.at(-1)
  database
    .prepare('INSERT INTO keys (bucket, key, partition, summary, body) VALUES (?, ?, ?, ?, ?)')
    .run(bucketId, key, partition, summary, latest === undefined ? null : bodyOf(latest))
  const insert = database.prepare(
    `INSERT INTO versions (key_id, actor, counter, created_at, op_id, record, body) VALUES (1, ?, ?, ?, ?, ?, ?)`,
  )
  for (const version of versions.slice(0, -1)) {
    const { dot, createdAt, opId } = version
    insert.run(dot.actor, dot.counter, createdAt, opId, encodeVersion(version), bodyOf(version))
  }
  database.prepare('UPDATE counts SET keys = 1, versions = ?').run(versions.length)
  database.prepare('INSERT INTO actors VALUES (?, ?)').run(actor, 65_536)
}

t.test('migrating is done once and keeps what is there', async t => {
  const database = new MemoryDisk().openDatabase('x')
  migrateIndex(database, '/data')
  t.equal(database.pragma('user_version', { simple: true }), indexVersion)
  database.prepare('UPDATE counts SET keys = 7').run()
  migrateIndex(database, '/data')
  t.equal(database.prepare('SELECT keys FROM counts').pluck().get(), 7)
})

t.test('an index of a newer version is refused', async t => {
  const database = new MemoryDisk().openDatabase('x')
  database.pragma(`user_version = ${indexVersion + 1}`)
  t.throws(() => migrateIndex(database, '/data'), {
    code: 'DATA_DIRECTORY',
    message: /index of \/data has version/,
  })
})

t.test('an index of version 1 opens, reads as it was, and takes writes', async t => {
  const disk = new MemoryDisk()
  const versions = history(5)
  const database = disk.openDatabase('index.sqlite')
  writeVersion1(database, versions)
  t.equal(database.pragma('user_version', { simple: true }), 1)
  t.throws(() => database.prepare('SELECT 1 FROM removals'), 'as it was')
  await disk.close()

  const fixture = new IndexFixture(1, disk)
  t.equal(fixture.database.pragma('user_version', { simple: true }), indexVersion)
  const { bucketId, key } = keyName(0)
  const { index } = fixture
  const known = index.find(bucketId, key)
  if (known === undefined) throw new Error('the key is lost')
  for (const version of versions) {
    t.same(index.versionAt(known, version.dot), version)
    t.same(index.bodyOf(known, version.dot), Buffer.from(`body ${version.dot.counter}`))
    t.equal(index.versionOf(known, version.opId)?.id, version.id)
  }
  t.equal(index.rows.recordsOf(known.id).length, 4)
  t.equal(index.rows.recordsUpTo(known.id, versions[2]?.createdAt ?? 0).length, 3)
  t.same(
    index.rows.oldest(known.id, 2).map(([, counter]) => counter),
    [1, 2],
  )
  t.same(index.rows.range(bucketId, key, true, undefined, 10).length, 1)
  const bytes = 5 * 'body n'.length
  t.match(new Counts(fixture.database).values, { versions: 5, bodyBytes: bytes, inlineBytes: bytes })
  t.same(index.removals.of(known.id), [])
  const minted = fixture.mint(0, {
    retention: { policy: { kind: 'global', max: 5 }, live: [], attributes: new Map() },
  })
  t.match(minted.version, { dot: { actor, counter: 65_537 }, after: 5, seq: 6 }, 'counting goes on')
  t.same(
    index.removals.of(known.id).map(({ how }) => how),
    ['pruned'],
  )
  fixture.close()
})

t.test('an index of version 9 has its removed keys noted, and those with ballots alone', async t => {
  const disk = new MemoryDisk()
  const database = disk.openDatabase('index.sqlite')
  writeVersion1(database, history(1))
  for (const [step, sql] of migrations.slice(1, 9).entries())
    database.exec(`BEGIN; ${sql}; PRAGMA user_version = ${step + 2}; COMMIT`)
  const removed = keyName(1)
  const [gone] = history(1)
  if (gone === undefined) throw new Error('no version')
  const summary = encodeSummary(summaryOf(makeState(contextOfDot(gone.dot, 0), [])))
  database
    .prepare('INSERT INTO keys (bucket, key, partition, summary) VALUES (?, ?, ?, ?)')
    .run(removed.bucketId, removed.key, removed.partition, summary)
  const ballots = database.prepare(
    'INSERT INTO ballots (bucket, key, partition, promised) VALUES (?, ?, ?, ?)',
  )
  for (const { bucketId, key, partition } of [keyName(0), keyName(2)])
    ballots.run(bucketId, key, partition, new Uint8Array(20))
  await disk.close()

  const fixture = new IndexFixture(1, disk)
  t.equal(fixture.remainders.count(), 2)
  t.equal(fixture.remainders.firstDue(), undefined, 'their time begins now')
  fixture.clock.advance(2 * remainderMs)
  for (const number of [1, 2])
    t.match(fixture.remainders.due(number, 10), [{ key: Buffer.from(`key-${number}`), partition: number }])
  fixture.close()
})

t.test('an index of version 2 keeps its blocks, which nobody has found damaged', async t => {
  const disk = new MemoryDisk()
  const database = disk.openDatabase('index.sqlite')
  writeVersion1(database, history(1))
  database.exec(`BEGIN; ${migrations[1]}; PRAGMA user_version = 2; COMMIT`)
  const hashes = [1, 2].map(fill => new Uint8Array(32).fill(fill))
  const insert = database.prepare('INSERT INTO blocks (hash, size) VALUES (?, ?)')
  const refer = database.prepare('INSERT INTO block_references (block_id, op_id, bucket) VALUES (?, ?, ?)')
  for (const hash of hashes) refer.run(insert.run(hash, 100).lastInsertRowid, hash, hash)
  database.prepare('UPDATE counts SET blocks = 2, block_bytes = 200').run()
  await disk.close()

  const fixture = new IndexFixture(1, disk)
  t.equal(fixture.database.pragma('user_version', { simple: true }), indexVersion)
  const leases = new LeaseIndex(fixture.database, fixture.clock, 1000)
  const index = new BlockIndex(fixture.database, new Counts(fixture.database), leases)
  t.match(
    index.walk(0, index.lastId(), 10),
    hashes.map((hash, i) => ({ id: i + 1, hash: Buffer.from(hash), size: 100, damage: blockDamage.none })),
  )
  t.same(index.stateCounts(), { stored: 2, releasing: 0, missing: 0, corrupt: 0 })
  t.match(new Counts(fixture.database).values, { blocks: 2, blockBytes: 200, storedBytes: 200 })
  t.equal(index.damagedAfter(), undefined)
  for (const hash of hashes) t.equal(index.referencesOf(hash).length, 1)
  // Nobody knows the keys of these references: they are kept until a release tells them.
  fixture.clock.advance(1e15)
  t.same(leases.due(10), [])
  const [hash = new Uint8Array()] = hashes
  const operation = { opId: hash, bucketId: hash, key: Buffer.from('key') }
  fixture.transaction(() => leases.release(operation))
  t.match(leases.due(10), [operation])
  t.match(new ScrubRow(fixture.database).load(), { pass: 0, endedAtMs: 0, position: 0, asked: false })
  const { bucketId, key } = keyName(0)
  t.ok(fixture.index.find(bucketId, key))
  fixture.close()
})

t.test('a crash in the middle of a migration leaves the version of before', async t => {
  const disk = new MemoryDisk()
  const database = disk.openDatabase('index.sqlite')
  writeVersion1(database, history(3))
  database.exec(`BEGIN IMMEDIATE; ${migrations[1]}; PRAGMA user_version = 2;`)
  disk.crash()
  const again = disk.openDatabase('index.sqlite')
  t.equal(again.pragma('user_version', { simple: true }), 1)
  t.throws(() => again.prepare('SELECT 1 FROM removals'))
  migrateIndex(again, 'memory')
  t.equal(again.pragma('user_version', { simple: true }), indexVersion)
  t.equal(again.prepare('SELECT count(*) FROM removals').pluck().get(), 0)
  t.equal(again.prepare('SELECT count(*) FROM versions').pluck().get(), 2)
})

t.test('a crash while bodies are counted leaves the version of before', async t => {
  const disk = new MemoryDisk()
  const database = disk.openDatabase('index.sqlite')
  writeVersion1(database, history(3))
  database.exec("UPDATE versions SET record = x'c1'")
  t.throws(() => migrateIndex(database, '/data'), { code: 'CORRUPT' })
  t.equal(database.inTransaction, false)
  t.equal(database.pragma('user_version', { simple: true }), 4)
  t.throws(() => new Counts(database), /no such column/)
})

t.test('a migration that fails is undone whole', async t => {
  const database = new MemoryDisk().openDatabase('x')
  writeVersion1(database, history(1))
  // What the migration makes is there already.
  database.exec('CREATE TABLE removals (other INTEGER)')
  t.throws(() => migrateIndex(database, '/data'), /already exists/)
  t.equal(database.inTransaction, false)
  t.equal(database.pragma('user_version', { simple: true }), 1)
})

t.test('an index of before has an empty log of changes, and notes them from then on', async t => {
  const disk = new MemoryDisk()
  const database = disk.openDatabase('index.sqlite')
  writeVersion1(database, history(3))
  await disk.close()
  const fixture = new IndexFixture(1, disk)
  t.strictSame([fixture.changes.first, fixture.changes.last], [1, 0])
  fixture.mint(0, {})
  t.equal(fixture.changes.last, 1)
  fixture.close()
})
