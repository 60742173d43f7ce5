import fc from 'fast-check'
import t from 'tap'
import { type Content, folderContent, isFolderName, type RemoteEntry } from '../../../src/sync/trees/entry.js'
import { fold } from '../../../src/sync/trees/fold.js'
import { RemoteTree } from '../../../src/sync/trees/remote-tree.js'
import { TreeWorld } from '../../../src/sync/trees/world.js'

const object: RemoteEntry = {
  heads: [{ content: folderContent, mtimeMs: 0, versionId: 'v', createdAt: new Date(0), client: undefined }],
  besideMarker: false,
  context: 'c',
}

t.test('folders are implied until the last key below them goes', async t => {
  const tree = new RemoteTree(name => !name.includes('ignored'))
  t.same(tree.set('a/b/c.txt', object), ['a/b/c.txt', 'a/b/', 'a/'])
  t.same(tree.get('a/b/'), { heads: [], besideMarker: false, context: '' })
  t.same(tree.set('a/d', object), ['a/d'], 'a/ was there')
  t.same(tree.set('a/b/', object), ['a/b/'])
  t.equal(tree.get('a/b/'), object)
  t.same(tree.set('a/b/c.txt', undefined), ['a/b/c.txt'], 'a/b/ has an object of its own')
  t.same(tree.set('a/b/', undefined), ['a/b/'])
  t.same([...tree.below('')].sort(), ['a/', 'a/d'])
  t.same(tree.set('a/d', undefined), ['a/d', 'a/'])
  t.notOk(tree.has('a/'))
  t.notOk(tree.hasBelow(''))
})

t.test('what is not synced implies nothing, but is there', async t => {
  const tree = new RemoteTree(name => !name.includes('ignored'))
  t.same(tree.set('a/ignored', object), ['a/ignored'])
  t.equal(tree.get('a/ignored'), object)
  t.notOk(tree.has('a/'))
  t.same([...tree.names()], ['a/ignored'])
  t.same([...tree.children('a/')], [])
  t.same(tree.set('a/ignored', undefined), ['a/ignored'])
  t.same([...tree.entries()], [])
})

t.test('what is ignored may change', async t => {
  let ignored = ''
  const tree = new RemoteTree(name => ignored === '' || !name.includes(ignored))
  tree.set('d/x', object)
  tree.set('d/y', object)
  ignored = 'd/'
  t.same([...tree.judgeAgain()].sort(), ['d/', 'd/x', 'd/y'])
  t.same([tree.has('d/'), tree.has('d/x'), [...tree.below('')]], [false, true, []])
  ignored = 'x'
  t.same([...tree.judgeAgain()].sort(), ['d/', 'd/y'])
  t.same([...tree.below('')].sort(), ['d/', 'd/y'])
  t.same(tree.judgeAgain(), [])
  // Rules that changed unheard leave nothing behind.
  ignored = 'y'
  tree.set('d/y', undefined)
  tree.set('d/x', object)
  tree.set('d/x', undefined)
  t.same([...tree.names()], [])
})

const names = ['a', 'A', 'A/', 'a/', 'a/b', 'A/b', 'a/B', '\u00e9', 'e\u0301', 'E\u0301/', 'K', '\u212a']
const deeds = fc.array(
  fc.tuple(
    fc.constantFrom(...names),
    fc.constantFrom('local', 'remote', 'synced'),
    fc.constantFrom('', '1', '2'),
  ),
  { maxLength: 40 },
)

t.test('the indexes follow the trees', async t => {
  fc.assert(
    fc.property(deeds, all => {
      const world = new TreeWorld()
      for (const [name, side, sha256] of all) {
        const file: Content = { kind: 'file', sha256, size: 1, executable: false }
        const content = isFolderName(name) ? folderContent : file
        const gone = sha256 === ''
        if (side === 'local')
          world.setLocal(name, gone ? undefined : { content, mtimeMs: 0, fingerprint: 'f' })
        if (side === 'remote') world.setRemote(name, gone ? undefined : object)
        if (side === 'synced') {
          world.setSynced(
            name,
            gone ? undefined : { content, fingerprint: 'f', versionId: 'v', context: 'c' },
          )
        }
      }
      const { local, remote, synced } = world
      const there = names.filter(name => local.has(name) || remote.has(name) || synced.has(name))
      for (const sha256 of ['1', '2']) {
        const having = (entries: Iterable<[string, { content: Content }]>): string[] =>
          [...entries].filter(([, { content }]) => content.sha256 === sha256).map(([name]) => name)
        t.same([...world.namesHere(sha256)].sort(), having(local.entries()).sort())
        t.same([...world.namesSynced(sha256)].sort(), having(synced.entries()).sort())
      }
      const bare = (name: string): string => fold(name).replace(/\/$/, '')
      for (const name of names) {
        t.same([...world.sameFold(name)].sort(), there.filter(each => bare(each) === bare(name)).sort(), name)
      }
      const below = there.filter(name => name.startsWith('a/') && name !== 'a/')
      t.same([...world.below('a/')].sort(), below.sort())
      t.equal(world.syncedFiles, [...synced.names()].filter(name => !isFolderName(name)).length)
    }),
    { numRuns: 1000 },
  )
})

t.test('what could not be looked at is unseen, and all below it', async t => {
  const world = new TreeWorld()
  t.notOk(world.unseen('a'))
  world.setUnseen(['a/b/', 'c'])
  for (const name of ['a/b/', 'a/b/x', 'a/b/x/y', 'c']) t.ok(world.unseen(name), name)
  for (const name of ['a/b', 'a/', 'a/c', 'c/', 'c/x']) t.notOk(world.unseen(name), name)
  t.ok(world.unseenBelow('a/'))
  t.notOk(world.unseenBelow('c/'))
  world.setUnseen([])
  t.notOk(world.unseen('c'))
})
