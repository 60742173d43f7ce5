import { emptyContext } from '@torc/cluster/clocks/causal-context'
import { attributesOf } from '@torc/cluster/state/attributes'
import t from 'tap'
import { attributeBytesMax } from '../../src/index/attribute-registers.js'
import { IndexFixture, keyName } from './index-fixture.js'

function held(fixture: IndexFixture, key = 0): [string, string | undefined, number][] {
  const known = fixture.index.find(keyName(key).bucketId, keyName(key).key)
  return [...(known?.summary.attributes.values() ?? [])].map(({ name, value, dot }) => [
    name,
    value === undefined ? undefined : Buffer.from(value).toString(),
    dot.counter,
  ])
}

const nothing = { version: undefined, set: [], clear: [], seenTime: 0 }

t.test('registers of a key and of a version: set, replaced, cleared, gone with the version', async t => {
  const fixture = new IndexFixture(1)
  const { version } = fixture.mint(0, {})
  const set = (changes: Partial<Parameters<IndexFixture['setAttributes']>[1]>) =>
    fixture.setAttributes(0, { ...nothing, ...changes })
  set({ set: [['color', Buffer.from('red')]] })
  set({
    version: version.dot,
    set: [
      ['tag:a', Buffer.from('1')],
      ['tag:b', Buffer.from('2')],
    ],
  })
  t.same(held(fixture), [
    ['color', 'red', 2],
    ['tag:a', '1', 3],
    ['tag:b', '2', 3],
  ])
  set({ version: version.dot, set: [['tag:a', Buffer.from('3')]], clear: ['tag:b'] })
  t.same(held(fixture), [
    ['color', 'red', 2],
    ['tag:a', '3', 4],
    ['tag:b', undefined, 4],
  ])
  fixture.reopen(true)
  t.equal(held(fixture).length, 3)
  const next = fixture.mint(0, {})
  t.equal(next.version.after, version.dot.counter, 'no event of the key')
  fixture.merge(0, next.delta, undefined, [])
  const after = fixture.mint(0, {
    retention: { policy: { kind: 'latest' }, live: [], attributes: new Map() },
  })
  t.ok(after.version.dot.counter > 4)
  t.same(held(fixture), [['color', 'red', 2]])
  fixture.close()
})

t.test('a register is above all that it replaces, here and at other owners', async t => {
  const fixture = new IndexFixture(1)
  fixture.mint(0, {})
  const nowMs = fixture.clock.nowMs()
  const seenTime = (nowMs + 5_000) * 1000
  const set = fixture.setAttributes(0, { ...nothing, set: [['a', Buffer.from('1')]], seenTime })
  t.ok([...set.values()].every(({ time }) => time > seenTime))
  const again = fixture.setAttributes(0, { ...nothing, clear: ['a'] })
  t.ok([...again.values()].every(({ time }) => time > seenTime))
  t.same(held(fixture), [['a', undefined, 3]])
  t.throws(
    () => fixture.setAttributes(0, { ...nothing, clear: ['a'], seenTime: (nowMs + 3_600_000) * 1000 }),
    { code: 'CLOCK_SKEW' },
  )
  fixture.close()
})

t.test('what is not there has no attributes', async t => {
  const fixture = new IndexFixture(1)
  const changes = { ...nothing, set: [['a', Buffer.from('1')]] as [string, Uint8Array][] }
  t.throws(() => fixture.setAttributes(0, changes), { code: 'KEY_NOT_FOUND' })
  const { version, delta } = fixture.mint(0, {})
  const other = { actor: version.dot.actor, counter: 77 }
  t.throws(() => fixture.setAttributes(0, { ...changes, version: other }), { code: 'VERSION_NOT_FOUND' })
  fixture.merge(0, delta, undefined, [])
  t.throws(() => fixture.setAttributes(0, changes), { code: 'KEY_NOT_FOUND' }, 'purged')
  t.same(held(fixture), [])
  fixture.close()
})

t.test('registers that travel ahead of their version wait for it', async t => {
  const [a, b] = [new IndexFixture(1), new IndexFixture(2)]
  const { version, delta } = a.mint(0, {})
  const attributes = a.setAttributes(0, {
    ...nothing,
    version: version.dot,
    set: [['tag:a', Buffer.from('1')]],
  })
  mergeRegisters(b, attributes)
  t.same(held(b), [['tag:a', '1', 2]])
  t.same(b.merge(0, delta, { version, body: new Uint8Array(0) }).outcome, 'stored')
  const [one, two] = [a, b].map(fixture => fixture.index.find(keyName(0).bucketId, keyName(0).key)?.summary)
  t.same(one?.digest, two?.digest)
  mergeRegisters(b, attributes)
  t.same(b.index.find(keyName(0).bucketId, keyName(0).key)?.summary.digest, one?.digest, 'again: nothing')
  for (const fixture of [a, b]) fixture.close()
})

t.test('the registers of one key have a bound, which clearing can lower', async t => {
  const fixture = new IndexFixture(1)
  const { version } = fixture.mint(0, {})
  const large = (name: string): [string, Uint8Array] => [name, Buffer.alloc(60_000, name)]
  t.throws(() => fixture.setAttributes(0, { ...nothing, set: ['a', 'b', 'c', 'd'].map(large) }), {
    code: 'TOO_LARGE',
    message: /at once/,
  })
  let set = 0
  t.throws(
    () => {
      for (; set < 100; set++) fixture.setAttributes(0, { ...nothing, set: [large(`name-${set}`)] })
    },
    { code: 'TOO_LARGE', message: new RegExp(`${attributeBytesMax}`) },
  )
  t.equal(held(fixture).length, set)
  t.equal(set, Math.floor(attributeBytesMax / 60_050))
  const others = Array.from({ length: 10 }, (_, i) => ({
    version: undefined,
    name: `other-${i}`,
    value: Buffer.alloc(60_000),
    time: version.createdAt,
    dot: version.dot,
  }))
  mergeRegisters(fixture, attributesOf(others))
  t.equal(held(fixture).length, set + 10, 'merging is not refused: others have acknowledged it')
  fixture.setAttributes(0, { ...nothing, clear: ['name-1', 'name-2'] })
  t.throws(() => fixture.setAttributes(0, { ...nothing, set: [large('more')] }), { code: 'TOO_LARGE' })
  fixture.close()
})

function mergeRegisters(fixture: IndexFixture, attributes: ReturnType<typeof attributesOf>) {
  return fixture.merge(0, emptyContext, undefined, undefined, attributes)
}
