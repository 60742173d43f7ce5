import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { type Cluster, startCluster } from '../harness/processes/cluster.js'
import { temporaryFolder } from '../harness/processes/temporary-folder.js'
import { FaultProxy } from '../harness/proxy/fault-proxy.js'

const packages = fileURLToPath(new URL('../../../packages', import.meta.url))

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

function hashes(folder: string): Record<string, string> {
  return Object.fromEntries(
    filesBelow(folder).map(file => [
      file,
      createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex'),
    ]),
  )
}

/** All sources of all packages, and files of the sizes at which Torc changes how it stores and sends. */
function makeTree(): string {
  const folder = temporaryFolder('torc-tree-')
  for (const name of readdirSync(packages)) {
    for (const file of filesBelow(join(packages, name, 'src'))) {
      const path = join(folder, name, file)
      mkdirSync(join(path, '..'), { recursive: true })
      writeFileSync(path, readFileSync(join(packages, name, 'src', file)))
    }
  }
  for (const size of [0, 1, 16_384, 16_385, 65_536, 65_537, 1_048_576, 1_048_577, 5_000_001]) {
    const bytes = Buffer.alloc(size)
    for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >> 8) * 7 + size) & 0xff
    writeFileSync(join(folder, `size-${size}`), bytes)
  }
  writeFileSync(join(folder, 'ein Name mit Leerzeichen – ümlaut.txt'), 'text')
  return folder
}

interface Setup {
  readonly cluster: Cluster
  readonly tree: string
  readonly back: string
  readonly wanted: Record<string, string>
}

async function setUp(t: Test): Promise<Setup> {
  const shared = temporaryFolder('torc-shared-')
  const tree = makeTree()
  const cluster = await startCluster({ sharedRoots: { tree, shared } })
  t.teardown(async () => {
    await cluster.stop()
    for (const folder of [shared, tree]) rmSync(folder, { recursive: true, force: true })
  })
  return { cluster, tree, back: join(shared, 'back'), wanted: hashes(tree) }
}

t.test('every source goes in over the socket, is listed, comes back, and is the same', async t => {
  const { cluster, tree, back, wanted } = await setUp(t)
  t.match(await cluster.torc(['mb', 'code']), { code: 0 })
  const put = await cluster.torc(['put', '--recursive', tree, 'code/all', '--json'])
  t.match(put, { code: 0, stderr: '' })
  const names = Object.keys(wanted)
  t.strictSame(
    put
      .records()
      .map(({ key }) => key)
      .sort(),
    names.map(name => `all/${name}`).sort(),
  )
  for (const record of put.records()) {
    t.equal(record.sha256, wanted[String(record.key).slice('all/'.length)], String(record.key))
    t.equal((record.preferenceList as string[]).length, 3)
    t.ok((record.replicasWritten as string[]).length >= 2, 'on a majority')
  }

  const list = await cluster.torc(['ls', 'code', '--recursive', '--json'])
  t.equal(list.code, 0)
  const listed = list.records().map(({ key }) => String(key))
  t.strictSame(listed, byBytes(names.map(name => `all/${name}`)), 'in bytewise order')

  t.match(await cluster.torc(['get', '--recursive', 'code/all', back]), { code: 0 })
  t.strictSame(hashes(back), wanted)
})

t.test('the same by shared path, and no body crosses the client’s socket', async t => {
  const { cluster, tree, back, wanted } = await setUp(t)
  const proxy = await FaultProxy.start(cluster.server)
  t.teardown(() => proxy.close())
  const through = { variables: { TORC_SERVER: proxy.address } }
  t.match(await cluster.torc(['mb', 'code'], through), { code: 0 })
  const put = await cluster.torc(['put', '--recursive', '--shared', tree, 'code/all', '--json'], through)
  t.match(put, { code: 0, stderr: '' })
  for (const record of put.records()) {
    t.equal(record.sha256, wanted[String(record.key).slice('all/'.length)], String(record.key))
  }
  t.match(await cluster.torc(['get', '--recursive', '--shared', 'code/all', back], through), { code: 0 })
  t.strictSame(hashes(back), wanted)
  for (const counts of [proxy.counts.toTarget, proxy.counts.fromTarget]) {
    t.ok(counts.frames > Object.keys(wanted).length, 'the requests went this way')
    t.equal(counts.dataBytes + counts.inlineBytes, 0)
  }

  const plain = join(back, '..', 'plain')
  t.match(await cluster.torc(['get', '--recursive', 'code/all', plain], through), { code: 0 })
  t.strictSame(hashes(plain), wanted)
  t.ok(proxy.counts.fromTarget.dataBytes > 5_000_000, 'the counter counts')
})

function byBytes(texts: string[]): string[] {
  return texts.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}
