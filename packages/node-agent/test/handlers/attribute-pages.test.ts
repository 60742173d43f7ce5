import type { ActorId } from '@torc/cluster/clocks/dot'
import { attributesOf, noAttributes } from '@torc/cluster/state/attributes'
import { decodeAttributes } from '@torc/cluster/state/attributes-codec'
import t from 'tap'
import { attributePages, keyRegisters, registersOf } from '../../src/handlers/attribute-pages.js'

const dot = (counter: number) => ({ actor: '00000000000000aa' as ActorId, counter })
const register = (name: string, bytes: number, version?: number) => ({
  version: version === undefined ? undefined : dot(version),
  name,
  value: Buffer.alloc(bytes),
  time: 1,
  dot: dot(9),
})

t.test('pages fit their frames and bring every register once', async t => {
  t.same(attributePages(noAttributes), [])
  const few = attributesOf([register('a', 10), register('b', 10, 1)])
  t.equal(attributePages(few).length, 1)
  const many = attributesOf(Array.from({ length: 20 }, (_, i) => register(`name-${i}`, 65_536, i + 1)))
  const pages = attributePages(many)
  t.ok(pages.length > 5)
  t.ok(pages.every(page => page.length <= 256 * 1024))
  const names = pages.flatMap(page => [...decodeAttributes(page).values()].map(({ name }) => name))
  t.same(names.sort(), [...many.values()].map(({ name }) => name).sort())
})

t.test('registers of the key, and of some of its versions', async t => {
  const all = attributesOf([register('policy', 1), register('tag', 1, 1), register('tag', 1, 2)])
  t.same(
    [...keyRegisters(all).values()].map(({ name }) => name),
    ['policy'],
  )
  t.same([...registersOf(all, [{ dot: dot(2) }]).keys()], ['/policy', '00000000000000aa:2/tag'])
  t.equal(registersOf(noAttributes, []).size, 0)
})
