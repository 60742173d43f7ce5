import t from 'tap'
import { contextOfDot, emptyContext } from '../../src/clocks/causal-context.js'
import { PackReader } from '../../src/codec/pack-reader.js'
import { PackWriter } from '../../src/codec/pack-writer.js'
import {
  type AttributeRegister,
  attributeKey,
  attributesEqual,
  attributesOf,
  mergeAttributes,
  noAttributes,
  readAttributes,
  writeAttributes,
} from '../../src/state/attributes.js'
import { makeState, mergeStates } from '../../src/state/key-state.js'
import { actor, version } from '../support/samples.js'

const about = { actor: actor(1), counter: 1 }

function register(overrides: Partial<AttributeRegister> = {}): AttributeRegister {
  const dot = { actor: actor(2), counter: 4 }
  return { version: undefined, name: 'policy', value: Uint8Array.of(1), time: 10, dot, ...overrides }
}

const everything = () => true

t.test('the later write wins: by time, then dot; clearing is a write', async t => {
  const key = attributeKey(undefined, 'policy')
  const winner = (a: AttributeRegister, b: AttributeRegister) => {
    const ab = mergeAttributes(attributesOf([a]), attributesOf([b]), emptyContext, everything)
    const ba = mergeAttributes(attributesOf([b]), attributesOf([a]), emptyContext, everything)
    t.ok(attributesEqual(ab, ba))
    return ab.get(key)
  }
  const old = register()
  const cleared = register({ time: 11, value: undefined })
  t.equal(winner(old, cleared), cleared)
  const tie = register({ dot: { actor: actor(2), counter: 5 } })
  t.equal(winner(old, tie), tie)
  t.equal(winner(old, old), old)
})

t.test("a version's attributes wait for it, and go with it", async t => {
  const tags = attributesOf([register({ version: about, name: 'tags' })])
  const early = mergeStates(makeState(emptyContext, [], tags), makeState(emptyContext, []))
  t.equal(early.attributes.size, 1, 'the version has not arrived yet')
  const held = mergeStates(early, makeState(emptyContext, [version({ dot: about })]))
  t.equal(held.attributes.size, 1)
  const removed = mergeStates(held, makeState(contextOfDot(about, 0), []))
  t.equal(removed.attributes.size, 0)
  t.equal(mergeStates(removed, early).attributes.size, 0, 'and stay away')
})

t.test("a key's attributes outlive its versions", async t => {
  const policy = attributesOf([register()])
  const held = makeState(emptyContext, [version({ dot: about })], policy)
  const purged = mergeStates(held, makeState(contextOfDot(about, 0), []))
  t.equal(purged.versions.size, 0)
  t.equal(purged.attributes.size, 1)
})

t.test('equality looks at events', async t => {
  t.ok(attributesEqual(noAttributes, attributesOf([])))
  t.notOk(attributesEqual(noAttributes, attributesOf([register()])))
  t.notOk(attributesEqual(attributesOf([register()]), attributesOf([register({ time: 9 })])))
  t.notOk(attributesEqual(attributesOf([register()]), attributesOf([register({ name: 'lock' })])))
})

t.test('stored in one order; other orders are refused', async t => {
  const list = [
    register({ name: 'b' }),
    register({ name: 'a', value: undefined }),
    register({ version: about, name: 'tags' }),
  ]
  const write = (registers: readonly AttributeRegister[]) => {
    const writer = new PackWriter(8)
    writeAttributes(writer, attributesOf(registers))
    return writer.finish()
  }
  const read = (bytes: Uint8Array) => readAttributes(new PackReader(bytes, 'CORRUPT', 'attributes'))
  t.same(write(list), write([...list].reverse()))
  t.ok(attributesEqual(read(write(list)), attributesOf(list)))
  t.same(read(write(list)).get('/b')?.value, Uint8Array.of(1))
  const first = Buffer.from(write([register({ name: 'a' })])).subarray(1)
  const second = Buffer.from(write([register({ name: 'b' })])).subarray(1)
  const both = (...parts: Buffer[]) => Buffer.concat([Buffer.of(0x9c), ...parts])
  t.doesNotThrow(() => read(both(first, second)))
  for (const wrong of [both(second, first), both(first, first), Buffer.from('95c0a16100c00000', 'hex')]) {
    t.throws(() => read(wrong), { code: 'CORRUPT' })
  }
  const unborn = register({ dot: { actor: actor(1), counter: 0 } })
  t.throws(() => read(write([unborn])), { code: 'CORRUPT' })
})
