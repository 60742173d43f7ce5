import fc from 'fast-check'
import t from 'tap'
import { parentOf } from '../../../src/sync/trees/entry.js'
import { Tree } from '../../../src/sync/trees/tree.js'

const names = ['a', 'a/', 'a/b', 'a/b/', 'a/b/c', 'a/b/d/e', 'f/g', 'f/', '/', '/h', 'i//j']
const deeds = fc.array(fc.tuple(fc.constantFrom(...names), fc.boolean()), { maxLength: 40 })

function sorted(all: Iterable<string>): string[] {
  return [...all].sort()
}

t.test('a tree has what a map has, and knows what lies where', async t => {
  fc.assert(
    fc.property(deeds, all => {
      const tree = new Tree<number>()
      const map = new Map<string, number>()
      all.forEach(([name, adds], at) => {
        if (adds) {
          tree.set(name, at)
          map.set(name, at)
        } else if (tree.delete(name) !== map.delete(name)) throw new Error('deleted')
      })
      t.same(sorted(tree.names()), sorted(map.keys()))
      t.equal(tree.size, map.size)
      for (const name of names) {
        t.equal(tree.get(name), map.get(name))
        t.equal(tree.has(name), map.has(name))
      }
      for (const folder of ['', 'a/', 'a/b/', 'a/b/d/', 'f/', 'x/']) {
        const below = [...map.keys()].filter(name => name.startsWith(folder) && name !== folder)
        t.same(sorted(tree.below(folder)), sorted(below), folder)
        t.equal(tree.hasBelow(folder), below.length > 0)
        const ways = below.flatMap(name => [name, ...foldersAbove(name)])
        const children = new Set(ways.filter(name => (parentOf(name) ?? '') === folder))
        t.same(sorted(tree.children(folder)), sorted(children), folder)
      }
    }),
    { numRuns: 300 },
  )
})

function foldersAbove(name: string): string[] {
  const parent = parentOf(name)
  return parent === undefined ? [] : [parent, ...foldersAbove(parent)]
}

t.test('names at the top have no folder, nor has the name that is only a slash', async t => {
  for (const name of ['a', 'a/', '', '/']) t.equal(parentOf(name), undefined)
  t.equal(parentOf('a/b/'), 'a/')
  t.equal(parentOf('a/b'), 'a/')
  t.equal(parentOf('/a'), '/')
})
