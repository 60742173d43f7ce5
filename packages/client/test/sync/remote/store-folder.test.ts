import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type * as s from '@torc/protocol/store/object-store'
import t from 'tap'
import { StoreFolder } from '../../../src/sync/remote/store-folder.js'
import { RememberingStore } from '../../doubles/remembering-store.js'
import {
  bodyOf,
  checkRemoteChanges,
  checkRemoteFolder,
  contentOf,
  headOf,
  optionsOf,
  type RemoteWorld,
  write,
} from '../remote-folder-conformance.js'

async function storeOf<T extends RememberingStore>(store: T): Promise<T> {
  await store.createBucket('b')
  return store
}

function folderOf(store: RememberingStore, prefix = 'p/', client = 'laptop'): StoreFolder {
  return new StoreFolder(store, { bucket: 'b', prefix, client })
}

async function namesOf(folder: StoreFolder): Promise<readonly string[]> {
  const names: string[] = []
  for await (const [name] of folder.list()) names.push(name)
  return names
}

function world(prefix: string): () => Promise<RemoteWorld> {
  return async () => {
    const store = await storeOf(new RememberingStore())
    await store.put('b', 'other/before', 'is not ours')
    return {
      derivesIds: false,
      folder: client => folderOf(store, prefix, client),
      put: (name, text, context) => store.put('b', prefix + name, text, { context }),
      delete: async name => (await store.delete('b', prefix + name, { marker: true })).marker ?? '',
      purge: async (name, versionId) => void (await store.delete('b', prefix + name, { versionId })),
      expired: async () => 'c1000000',
    }
  }
}

t.test('a prefix in a store', async t => {
  checkRemoteFolder(t, world('p/'))
  checkRemoteChanges(t, world('p/'))
})

t.test('a prefix of several parts', async t => {
  checkRemoteFolder(t, world('ä/b c/'))
})

t.test('a whole bucket', async t => {
  const store = await storeOf(new RememberingStore())
  const folder = folderOf(store, '')
  await write(folder, 'a/b', 'one')
  t.strictSame(await namesOf(folder), ['a/b'])
  t.equal(await (await store.get('b', 'a/b')).text(), 'one')
})

t.test('a prefix is a folder', async t => {
  t.throws(() => folderOf(new RememberingStore(), 'p'), { code: 'BAD_REQUEST' })
})

t.test('the object of the prefix itself, and what only begins like it, are not in it', async t => {
  const store = await storeOf(new RememberingStore())
  const folder = folderOf(store)
  const cursor = await folder.cursor()
  await store.put('b', 'p/', '')
  await store.put('b', 'p', 'one')
  await store.put('b', 'pq/a', 'one')
  await store.put('b', 'p/a', 'one')
  t.strictSame(await namesOf(folder), ['a'])
  t.strictSame([...(await folder.changes(cursor, 0)).names.keys()], ['a'])
})

t.test('what other programs said of a version goes with its copies', async t => {
  const store = await storeOf(new RememberingStore())
  const folder = folderOf(store)
  const options = { contentType: 'text/html', metadata: [['colour', 'red']] as const }
  const { versionId } = await store.put('b', 'p/a', 'one', options)
  await folder.copy({ name: 'a', versionId }, 'b', contentOf('one'), optionsOf())
  const copied = await store.head('b', 'p/b')
  t.equal(copied.contentType, 'text/html')
  t.strictSame(
    copied.metadata.map(([name]) => name),
    ['colour', 'mtime', 'mode', 'torc-client'],
  )
  await folder.copyNew({ name: 'a', head: await headOf(folder, 'a') }, 'c')
  t.match(await store.head('b', 'p/c'), options)
})

t.test('a listing is read by its pages: no look at what has one head', async t => {
  class Counting extends RememberingStore {
    looks = 0
    override head(...of: Parameters<RememberingStore['head']>): Promise<s.VersionInfo> {
      this.looks++
      return super.head(...of)
    }
  }
  const store = await storeOf(new Counting())
  for (const name of ['a', 'b', 'c']) await store.put('b', `p/${name}`, name)
  const folder = folderOf(store)
  t.strictSame(await namesOf(folder), ['a', 'b', 'c'])
  t.equal(store.looks, 0)
  await write(folder, 'b', 'sibling')
  t.strictSame(await namesOf(folder), ['a', 'b', 'c'])
  t.equal(store.looks, 2, 'one for each head')
})

t.test('a listing of a server that knows no details', async t => {
  class Older extends RememberingStore {
    override list(bucket: string, options: s.ListOptions = {}): AsyncGenerator<s.ListEntry> {
      return super.list(bucket, { ...options, details: false })
    }
  }
  const store = await storeOf(new Older())
  await store.put('b', 'p/a', 'one')
  const entries = []
  for await (const [, entry] of folderOf(store).list()) entries.push(entry)
  t.strictSame(entries, [await folderOf(store).look('a')])
})

/** Heads are purged behind the back of whoever looks at them. */
class Purging extends RememberingStore {
  left = 0
  override async head(bucket: string, key: string, options: s.GetOptions = {}): Promise<s.VersionInfo> {
    const { versionId } = options
    if (versionId !== undefined && this.left-- > 0) {
      throw new TorcError('VERSION_REMOVED', `version ${versionId} was purged`)
    }
    return super.head(bucket, key, options)
  }
}

t.test('a head that is gone before it was looked at: the key is looked at again', async t => {
  const store = await storeOf(new Purging())
  const folder = folderOf(store)
  await write(folder, 'a', 'one')
  await write(folder, 'a', 'two')
  store.left = 3
  t.equal((await folder.look('a'))?.heads.length, 2)
})

t.test('but not for ever', async t => {
  const store = await storeOf(new Purging())
  const folder = folderOf(store)
  await write(folder, 'a', 'one')
  await write(folder, 'a', 'two')
  store.left = 1000
  await t.rejects(folder.look('a'), { code: 'VERSION_REMOVED' })
  t.equal(store.left, 992)
})

t.test('a marker beside more heads than an error has room for', async t => {
  class Terse extends RememberingStore {
    override async head(...of: Parameters<RememberingStore['head']>): Promise<s.VersionInfo> {
      try {
        return await super.head(...of)
      } catch (thrown) {
        const { code, message } = TorcError.from(thrown)
        throw new TorcError(code, message)
      }
    }
  }
  const store = await storeOf(new Terse())
  const folder = folderOf(store)
  await store.put('b', 'p/aa', 'another key')
  t.equal(await folder.look('a'), undefined, 'it never was')
  const { context } = await write(folder, 'a', 'one')
  await write(folder, 'a', 'two')
  await folder.remove('a', context)
  t.match(await folder.look('a'), { heads: [{ content: contentOf('two') }], besideMarker: true })
  await store.delete('b', 'p/a', { marker: true })
  t.equal(await folder.look('a'), undefined, 'it was deleted')
})

t.test('a key that is written just when it was not found', async t => {
  class Late extends RememberingStore {
    override async head(...of: Parameters<RememberingStore['head']>): Promise<s.VersionInfo> {
      const [bucket, key] = of
      if (!this.held.get(bucket)?.has(key)) {
        await this.put(bucket, key, 'just now')
        throw new TorcError('KEY_NOT_FOUND', `there is no ${key}`)
      }
      return super.head(...of)
    }
  }
  const folder = folderOf(await storeOf(new Late()))
  const entry = await folder.look('a')
  t.strictSame([entry?.heads.length, entry?.besideMarker], [1, false])
})

t.test('other failures of a look are those of the store', async t => {
  class Failing extends RememberingStore {
    override async head(): Promise<s.VersionInfo> {
      throw new TorcError('UNAVAILABLE', 'too few owners')
    }
  }
  await t.rejects(folderOf(await storeOf(new Failing())).look('a'), { code: 'UNAVAILABLE' })
})

/** Shows how bodies come. */
class Recording extends RememberingStore {
  readonly bodies: [body: s.BodyInput, size: number | undefined][] = []
  override put(
    bucket: string,
    key: string,
    body: s.BodyInput,
    options: s.PutOptions = {},
  ): Promise<s.PutResult> {
    this.bodies.push([body, options.size])
    return super.put(bucket, key, body, options)
  }
}

t.test('small bodies go as bytes, large ones can be read again', async t => {
  const store = await storeOf(new Recording())
  const folder = folderOf(store)
  const large = 'x'.repeat(limits.inlineBodyBytesMax + 1)
  await write(folder, 'small', 'one')
  await write(folder, 'large', large)
  const [small, big] = store.bodies
  t.type(small?.[0], Uint8Array)
  t.equal(big?.[1], large.length)
  const again = big?.[0]
  if (again === undefined || typeof again === 'string' || again instanceof Uint8Array)
    throw new Error('no stream')
  let bytes = 0
  for await (const piece of again) bytes += piece.length
  t.equal(bytes, large.length, 'after the put has read it once')
  t.equal((await headOf(folder, 'large')).content.size, large.length)
})

t.test('a body that fails is what its reader is told', async t => {
  const folder = folderOf(await storeOf(new RememberingStore()))
  const failing = {
    async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
      yield Buffer.from('o')
      throw new TorcError('FILE_ACCESS', 'it can not be read')
    },
  }
  await t.rejects(folder.write('a', contentOf('one'), failing, optionsOf()), { code: 'FILE_ACCESS' })
  t.equal(await folder.look('a'), undefined)
})

t.test('how far a body has come is told', async t => {
  const folder = folderOf(await storeOf(new RememberingStore()))
  let sent = 0
  const onProgress = (bytes: number) => {
    sent += bytes
  }
  await folder.write('a', contentOf('one'), bodyOf('one'), optionsOf({ onProgress }))
  t.equal(sent, 3)
})

t.test('changes are gathered over batches, up to some thousand names', async t => {
  const store = await storeOf(new RememberingStore())
  const folder = folderOf(store)
  const cursor = await folder.cursor()
  for (let i = 0; i < 12_500; i++) await store.put('b', `p/${i % 12_000}`, 'x')
  const first = await folder.changes(cursor, 0)
  t.equal(first.names.size, 10_000)
  const second = await folder.changes(first.cursor, 60_000)
  t.equal(second.names.size, 2500)
  t.equal((await folder.changes(second.cursor, 0)).names.size, 0)
})

t.test('a reset in the middle of what is gathered is told', async t => {
  class Resetting extends RememberingStore {
    override readonly changes: s.ObjectStore['changes'] = async (_, { cursor } = {}) => {
      const change = { bucket: 'b', key: 'p/a', versionId: 'v1', kind: 'object', type: 'put' } as const
      const changes = cursor === 'c1' ? [{ ...change, createdAt: new Date(0) }] : []
      return { changes, cursor: `${cursor}+`, reset: cursor !== 'c1', more: cursor === 'c1' }
    }
  }
  const told = await folderOf(await storeOf(new Resetting())).changes('c1', 0)
  t.strictSame([[...told.names], told.cursor, told.reset], [[['a', ['v1']]], 'c1++', true])
})
