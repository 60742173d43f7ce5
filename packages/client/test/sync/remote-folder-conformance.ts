import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { base32 } from '@torc/protocol/identifiers/base32'
import { makeOperationId } from '@torc/protocol/identifiers/operation-id'
import type { Test } from 'tap'
import type { RemoteFolder, WriteOptions, Written } from '../../src/sync/ports/remote-folder.js'
import { type Content, folderContent, type RemoteEntry, type RemoteHead } from '../../src/sync/trees/entry.js'

/** A prefix that nobody has used, clients of it, and another program that writes there. */
export interface RemoteWorld {
  /** A version's id is its operation's. */
  readonly derivesIds: boolean
  folder(client: string): RemoteFolder
  /** Covers all that is there, or what the context does. */
  put(name: string, text: string, context?: string): Promise<{ readonly versionId: string }>
  /** The marker's id. */
  delete(name: string): Promise<string>
  purge(name: string, versionId: string): Promise<void>
  /** A cursor that cannot be gone on from. */
  expired(cursor: string): Promise<string>
}

type Suite = Pick<Test, 'test'>

const mtimeMs = 1_790_000_000_123.5

export function contentOf(text: string, more: Partial<Content> = {}): Content {
  const sha256 = Buffer.from(systemHasher.sha256(Buffer.from(text))).toString('hex')
  return { kind: 'file', sha256, size: Buffer.byteLength(text), executable: false, ...more }
}

/** Can be read as often as needed. */
export function bodyOf(text: string): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      if (text !== '') yield Buffer.from(text)
    },
  }
}

/** The options of a write; of one that covers nothing where no context is given. */
export function optionsOf(more: Partial<WriteOptions> = {}): WriteOptions {
  return { mtimeMs, context: '', opId: makeOperationId(systemRandom), ...more }
}

export function write(
  folder: RemoteFolder,
  name: string,
  text: string,
  more: Partial<WriteOptions> = {},
): Promise<Written> {
  return folder.write(name, contentOf(text), bodyOf(text), optionsOf(more))
}

async function read(folder: RemoteFolder, name: string, head: RemoteHead): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of await folder.read(name, head)) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

async function listed(folder: RemoteFolder): Promise<Map<string, RemoteEntry>> {
  const entries = new Map<string, RemoteEntry>()
  for await (const [name, entry] of folder.list()) entries.set(name, entry)
  return entries
}

async function found(folder: RemoteFolder, name: string): Promise<RemoteEntry> {
  const entry = await folder.look(name)
  if (entry === undefined) throw new Error(`there is no ${name}`)
  return entry
}

export async function headOf(folder: RemoteFolder, name: string): Promise<RemoteHead> {
  const [head, ...others] = (await found(folder, name)).heads
  if (head === undefined || others.length > 0) throw new Error(`${name} has ${others.length + 1} heads`)
  return head
}

async function textsOf(folder: RemoteFolder, name: string): Promise<readonly string[]> {
  const { heads } = await found(folder, name)
  return (await Promise.all(heads.map(head => read(folder, name, head)))).sort()
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'none',
    (error: unknown) => TorcError.from(error).code,
  )
}

/** Tokens may be written in several ways: those of two looks at the same are not compared. */
function withoutToken({ heads, besideMarker }: RemoteEntry) {
  return { heads, besideMarker }
}

/** What every prefix in a store does, real or simulated. */
export function checkRemoteFolder(suite: Suite, start: () => Promise<RemoteWorld>): void {
  const test = (what: string, check: (t: Test, world: RemoteWorld, folder: RemoteFolder) => Promise<void>) =>
    suite.test(what, async t => {
      const world = await start()
      await check(t, world, world.folder('laptop'))
    })

  test('nothing is there before somebody writes', async (t, _, folder) => {
    t.equal(await folder.look('a.txt'), undefined)
    t.strictSame(await listed(folder), new Map())
  })

  test('a file is seen as it was written, by a look and by a listing', async (t, world, folder) => {
    const opId = makeOperationId(systemRandom)
    const content = contentOf('hello', { executable: true })
    const written = await folder.write('b/ä €.txt', content, bodyOf('hello'), optionsOf({ opId }))
    if (world.derivesIds) t.equal(written.versionId, base32(opId))
    t.equal(written.sha256, content.sha256)
    t.equal(written.siblings, false)
    const entry = await found(world.folder('desk'), 'b/ä €.txt')
    t.equal(entry.besideMarker, false)
    t.equal(entry.heads.length, 1)
    t.match(entry.heads[0], { content, mtimeMs, versionId: written.versionId, client: 'laptop' })
    t.type(entry.heads[0]?.createdAt, Date)
    t.strictSame([...(await listed(folder)).keys()], ['b/ä €.txt'])
    t.match((await listed(folder)).get('b/ä €.txt'), withoutToken(entry))
    t.equal(await read(folder, 'b/ä €.txt', await headOf(folder, 'b/ä €.txt')), 'hello')
  })

  test('folders, links and empty files', async (t, _, folder) => {
    const target = contentOf('../a', { kind: 'link' })
    const options = optionsOf()
    t.equal((await folder.write('a/', folderContent, bodyOf(''), options)).sha256, '')
    await folder.write('a/link', target, bodyOf('../a'), optionsOf())
    await write(folder, 'a/empty', '')
    t.strictSame((await headOf(folder, 'a/')).content, folderContent)
    t.strictSame((await headOf(folder, 'a/link')).content, target)
    t.equal(await read(folder, 'a/link', await headOf(folder, 'a/link')), '../a')
    t.strictSame((await headOf(folder, 'a/empty')).content, contentOf(''))
    t.equal(await read(folder, 'a/empty', await headOf(folder, 'a/empty')), '')
    const contents = [...(await listed(folder)).values()].map(({ heads }) => heads[0]?.content)
    t.strictSame(contents, [folderContent, contentOf(''), target], 'in order')
  })

  test('what another program wrote has no client, and is no less a file', async (t, world, folder) => {
    const { versionId } = await world.put('a.txt', 'theirs')
    const head = await headOf(folder, 'a.txt')
    t.match(head, { content: contentOf('theirs'), client: undefined, versionId })
    t.strictSame((await listed(folder)).get('a.txt')?.heads, [head])
  })

  test('names that no folder can have are told as they are', async (t, world, folder) => {
    await world.put('a//b', '1')
    await world.put('../c', '2')
    t.strictSame([...(await listed(folder)).keys()], ['../c', 'a//b'])
  })

  test('a write under the token of another one takes its place', async (t, world, folder) => {
    const { context } = await write(folder, 'a.txt', 'one')
    const first = await headOf(folder, 'a.txt')
    const written = await write(folder, 'a.txt', 'two', { context })
    t.equal(written.siblings, false)
    t.strictSame(await textsOf(folder, 'a.txt'), ['two'])
    t.equal(await read(folder, 'a.txt', first), 'one', 'what was replaced can still be read')
    const { context: seen } = await found(folder, 'a.txt')
    await world.put('a.txt', 'three', seen)
    t.strictSame(await textsOf(folder, 'a.txt'), ['three'], 'and under that of a look')
  })

  test('a token covers nothing that its holder did not see', async (t, world, folder) => {
    const { context } = await write(folder, 'a.txt', 'one')
    await world.put('a.txt', 'unseen')
    const written = await write(folder, 'a.txt', 'two', { context })
    t.equal(written.siblings, true)
    t.strictSame(await textsOf(folder, 'a.txt'), ['two', 'unseen'])
  })

  test('a write that covers nothing is a sibling of what is there', async (t, world, folder) => {
    const first = await world.put('a.txt', 'theirs')
    const second = await write(folder, 'a.txt', 'ours')
    t.equal(second.siblings, true)
    const entry = await found(folder, 'a.txt')
    const ids = entry.heads.map(head => head.versionId)
    t.strictSame(ids, [first.versionId, second.versionId].sort(), 'by version id')
    t.equal(entry.besideMarker, false)
    t.match((await listed(folder)).get('a.txt'), withoutToken(entry))
    const own = entry.heads.find(({ client }) => client === 'laptop')
    t.equal(own === undefined ? '' : await read(folder, 'a.txt', own), 'ours')
    t.equal((await write(folder, 'a.txt', 'both', { context: entry.context })).siblings, false)
    t.strictSame(await textsOf(folder, 'a.txt'), ['both'])
  })

  test('the context of a listing covers all heads too', async (t, world, folder) => {
    await world.put('a.txt', 'theirs')
    await write(folder, 'a.txt', 'ours')
    await world.put('b.txt', 'one')
    const entries = await listed(folder)
    for (const name of ['a.txt', 'b.txt']) {
      await write(folder, name, 'next', { context: entries.get(name)?.context ?? '' })
      t.strictSame(await textsOf(folder, name), ['next'])
    }
  })

  test('a copy has the bytes of the version that is named, and the rest as is said', async (t, world, folder) => {
    const { versionId } = await world.put('a.txt', 'old')
    await world.put('a.txt', 'new')
    const { context } = await write(folder, 'b.txt', 'before')
    const wanted = contentOf('old', { executable: true })
    const opId = makeOperationId(systemRandom)
    const copied = await folder.copy(
      { name: 'a.txt', versionId },
      'b.txt',
      wanted,
      optionsOf({ opId, context }),
    )
    t.match(copied, { sha256: wanted.sha256, siblings: false })
    if (world.derivesIds) t.equal(copied.versionId, base32(opId))
    const head = await headOf(folder, 'b.txt')
    t.match(head, { content: wanted, mtimeMs, client: 'laptop', versionId: copied.versionId })
    t.equal(await read(folder, 'b.txt', head), 'old')
    const beside = await folder.copy({ name: 'a.txt', versionId }, 'b.txt', contentOf('old'), optionsOf())
    t.equal(beside.siblings, true, 'under no context it is a sibling')
  })

  test('a copy onto its own key under the context of all heads leaves one', async (t, world, folder) => {
    await world.put('a.txt', 'theirs')
    await write(folder, 'a.txt', 'ours')
    const { heads, context } = await found(folder, 'a.txt')
    const [winner] = heads
    if (winner === undefined) throw new Error('there is no head')
    const from = { name: 'a.txt', versionId: winner.versionId }
    await folder.copy(from, 'a.txt', winner.content, optionsOf({ context, mtimeMs: winner.mtimeMs }))
    const head = await headOf(folder, 'a.txt')
    t.strictSame([head.content, head.mtimeMs], [winner.content, winner.mtimeMs])
  })

  test('a copy onto a new name is made once, and keeps what its source has', async (t, world, folder) => {
    const content = contentOf('mine', { executable: true })
    await folder.write('a.txt', content, bodyOf('mine'), optionsOf())
    const head = await headOf(folder, 'a.txt')
    const desk = world.folder('desk')
    const copied = await desk.copyNew({ name: 'a.txt', head }, 'b.txt')
    t.match(copied, { sha256: content.sha256, siblings: false })
    t.match(await headOf(folder, 'b.txt'), { content, mtimeMs, client: 'laptop' })
    t.equal(await desk.copyNew({ name: 'a.txt', head }, 'b.txt'), undefined)
    t.equal((await headOf(folder, 'b.txt')).versionId, copied?.versionId)
    await world.delete('b.txt')
    t.not(
      await desk.copyNew({ name: 'a.txt', head }, 'b.txt'),
      undefined,
      'nobody has a name that was deleted',
    )
    t.strictSame(await textsOf(folder, 'b.txt'), ['mine'])
  })

  test('what was removed is gone from looks and listings', async (t, _, folder) => {
    const { context } = await write(folder, 'a.txt', 'one')
    await folder.remove('a.txt', context)
    t.equal(await folder.look('a.txt'), undefined)
    t.strictSame(await listed(folder), new Map())
    await write(folder, 'a.txt', 'again', { context: '' })
    t.strictSame(await textsOf(folder, 'a.txt'), ['again'], 'and can be written again')
  })

  test('a removal leaves what its remover did not see', async (t, world, folder) => {
    const { context } = await write(folder, 'a.txt', 'one')
    const { versionId } = await world.put('a.txt', 'edited')
    await folder.remove('a.txt', context)
    const entry = await found(folder, 'a.txt')
    t.match(entry, { besideMarker: true, heads: [{ versionId }] })
    t.equal(entry.heads.length, 1)
    t.match((await listed(folder)).get('a.txt'), withoutToken(entry), 'also where the marker is the latest')
    t.equal((await write(folder, 'a.txt', 'whole', { context: entry.context })).siblings, false)
    t.match(await found(folder, 'a.txt'), { besideMarker: false, heads: [{ content: contentOf('whole') }] })
  })

  test('a marker that an edit came beside later', async (t, world, folder) => {
    const { context } = await write(folder, 'a.txt', 'one')
    await world.delete('a.txt')
    t.equal((await write(folder, 'a.txt', 'edited', { context })).siblings, true)
    const entry = await found(folder, 'a.txt')
    t.match(entry, { besideMarker: true, heads: [{ content: contentOf('edited') }] })
    t.match((await listed(folder)).get('a.txt'), withoutToken(entry))
  })

  test('two heads and a marker', async (t, world, folder) => {
    await write(folder, 'a.txt', 'one')
    await write(folder, 'a.txt', 'two')
    await folder.remove('a.txt', '')
    const { heads, besideMarker, context } = await found(folder, 'a.txt')
    t.strictSame([heads.length, besideMarker], [2, true])
    await world.put('a.txt', 'all', context)
    t.match(await found(folder, 'a.txt'), { besideMarker: false, heads: [{ content: contentOf('all') }] })
  })

  test('the same operation again finds what it wrote', async (t, world, folder) => {
    const options = optionsOf()
    const first = await write(folder, 'a.txt', 'one', options)
    const again = await write(folder, 'a.txt', 'one', { ...options, retry: true })
    t.strictSame([again.versionId, again.sha256, again.siblings], [first.versionId, first.sha256, false])
    await write(folder, 'a.txt', 'two', { context: again.context })
    const replaced = await write(folder, 'a.txt', 'one', { ...options, retry: true })
    t.strictSame([replaced.versionId, replaced.siblings], [first.versionId, true])
    t.strictSame(await textsOf(folder, 'a.txt'), ['two'], 'and does not come back when it was replaced')
    const copying = optionsOf()
    const from = { name: 'a.txt', versionId: first.versionId }
    const copied = await folder.copy(from, 'b.txt', contentOf('one'), copying)
    await world.delete('b.txt')
    const copiedAgain = await folder.copy(from, 'b.txt', contentOf('one'), { ...copying, retry: true })
    t.equal(copiedAgain.versionId, copied.versionId)
    t.equal(await folder.look('b.txt'), undefined)
    await world.purge('a.txt', first.versionId)
    const late = await folder.copy(from, 'b.txt', contentOf('one'), { ...copying, retry: true })
    t.equal(late.versionId, copied.versionId, 'also when its source is gone since')
  })

  test('a version that was purged can neither be read nor copied', async (t, world, folder) => {
    const { context, versionId } = await write(folder, 'a.txt', 'one')
    const head = await headOf(folder, 'a.txt')
    await write(folder, 'a.txt', 'two', { context })
    await world.purge('a.txt', versionId)
    const gone = ['VERSION_REMOVED', 'VERSION_NOT_FOUND']
    t.ok(gone.includes(await codeOf(read(folder, 'a.txt', head))))
    t.ok(gone.includes(await codeOf(folder.copyNew({ name: 'a.txt', head }, 'b.txt'))))
    const from = { name: 'a.txt', versionId }
    t.ok(gone.includes(await codeOf(folder.copy(from, 'b.txt', head.content, optionsOf()))))
    t.equal(await folder.look('b.txt'), undefined)
  })

  test('an object comes back when the marker over it is purged', async (t, world, folder) => {
    const { versionId } = await write(folder, 'a.txt', 'one')
    const marker = await world.delete('a.txt')
    t.equal(await folder.look('a.txt'), undefined)
    await world.purge('a.txt', marker)
    t.match(await found(folder, 'a.txt'), { besideMarker: false, heads: [{ versionId }] })
  })

  test('a body of another length than was said is no version', async (t, _, folder) => {
    const call = folder.write('a.txt', contentOf('hello'), bodyOf('hell'), optionsOf())
    t.equal(await codeOf(call), 'BAD_REQUEST')
    t.equal(await folder.look('a.txt'), undefined)
  })
}

/** What a prefix tells of changes. */
export function checkRemoteChanges(suite: Suite, start: () => Promise<RemoteWorld>): void {
  suite.test('changes are told behind a cursor', async t => {
    const world = await start()
    const folder = world.folder('laptop')
    await write(folder, 'before.txt', 'one')
    const cursor = await folder.cursor()
    const none = await folder.changes(cursor, 0)
    t.strictSame([none.names.size, none.reset], [0, false])
    const first = await write(folder, 'a.txt', 'one')
    const second = await world.put('a.txt', 'two')
    await world.put('b/c.txt', 'three')
    await world.delete('b/c.txt')
    const told = await folder.changes(none.cursor, 0)
    t.equal(told.reset, false)
    t.strictSame([...told.names.keys()].sort(), ['a.txt', 'b/c.txt'])
    t.strictSame([...new Set(told.names.get('a.txt'))], [first.versionId, second.versionId])
    t.equal(new Set(told.names.get('b/c.txt')).size, 2, 'a marker is a change')
    const again = await folder.changes(cursor, 0)
    t.strictSame([...again.names.keys()].sort(), ['a.txt', 'b/c.txt'], 'an old cursor tells it again')
    t.strictSame((await folder.changes(told.cursor, 0)).names.size, 0)
  })

  suite.test('a purge is a change', async t => {
    const world = await start()
    const folder = world.folder('laptop')
    const { versionId } = await write(folder, 'a.txt', 'one')
    const cursor = await folder.cursor()
    await world.purge('a.txt', versionId)
    t.strictSame([...(await folder.changes(cursor, 0)).names.keys()], ['a.txt'])
  })

  suite.test('who waits is told when something is written', async t => {
    const world = await start()
    const folder = world.folder('laptop')
    const waiting = folder.changes(await folder.cursor(), 60_000)
    await world.put('a.txt', 'one')
    t.strictSame([...(await waiting).names.keys()], ['a.txt'])
  })

  suite.test('who does not want to wait any more fails', async t => {
    const folder = (await start()).folder('laptop')
    const controller = new AbortController()
    const waiting = codeOf(folder.changes(await folder.cursor(), 60_000, controller.signal))
    controller.abort()
    t.equal(await waiting, 'CANCELLED')
  })

  suite.test('a cursor that is too old resets', async t => {
    const world = await start()
    const folder = world.folder('laptop')
    const cursor = await folder.cursor()
    await write(folder, 'a.txt', 'one')
    const reset = await folder.changes(await world.expired(cursor), 0)
    t.equal(reset.reset, true)
    const { versionId } = await world.put('b.txt', 'two')
    const next = await folder.changes(reset.cursor, 0)
    t.strictSame([[...next.names], next.reset], [[['b.txt', [versionId]]], false])
  })
}
