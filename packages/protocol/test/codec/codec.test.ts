import fc from 'fast-check'
import t from 'tap'
import { decodeValue } from '../../src/codec/reader.js'
import { encodeValue, Writer } from '../../src/codec/writer.js'
import { TorcError } from '../../src/errors.js'
import { headValue, mustEqual, oracleDecode, oracleEncode } from '../support/oracle.js'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const decode = (text: string): unknown => decodeValue(Buffer.from(text, 'hex'), 8)

t.test('what is written, msgpackr reads', async t => {
  fc.assert(fc.property(headValue, value => mustEqual(oracleDecode(encodeValue(value)), value)))
  t.pass()
})

t.test('what msgpackr writes, is read', async t => {
  fc.assert(fc.property(headValue, value => mustEqual(decodeValue(oracleEncode(value), 8), value)))
  t.pass()
})

t.test('no value cut short is read as another', async t => {
  fc.assert(
    fc.property(headValue, fc.nat(), (value, at) => {
      const bytes = encodeValue(value)
      if (bytes.length < 2) return
      const error = thrown(() => decodeValue(bytes.subarray(0, 1 + (at % (bytes.length - 1))), 8))
      if (error?.code !== 'PROTOCOL') throw new Error(`${hex(bytes)} was read`)
    }),
  )
  t.pass()
})

t.test('whatever comes, nothing but PROTOCOL is thrown', async t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      try {
        decodeValue(bytes, 8)
      } catch (error) {
        if (!(error instanceof TorcError) || error.code !== 'PROTOCOL') throw error
      }
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

t.test('integers take the smallest form, and never a float', async t => {
  const cases: [number, string][] = [
    [0, '00'],
    [127, '7f'],
    [128, 'cc80'],
    [255, 'ccff'],
    [256, 'cd0100'],
    [65_535, 'cdffff'],
    [65_536, 'ce00010000'],
    [2 ** 32 - 1, 'ceffffffff'],
    [2 ** 32, 'cf0000000100000000'],
    [2 ** 53 - 1, 'cf001fffffffffffff'],
    [-1, 'ff'],
    [-32, 'e0'],
    [-33, 'd0df'],
    [-128, 'd080'],
    [-129, 'd1ff7f'],
    [-32_768, 'd18000'],
    [-32_769, 'd2ffff7fff'],
    [-(2 ** 31), 'd280000000'],
    [-(2 ** 31) - 1, 'd3ffffffff7fffffff'],
    [-(2 ** 53) + 1, 'd3ffe0000000000001'],
  ]
  for (const [value, bytes] of cases) {
    t.equal(hex(encodeValue(value)), bytes, String(value))
    t.equal(decode(bytes), value, bytes)
  }
})

t.test('integers beyond 2^53 − 1 are BigInt, floats are NaN', async t => {
  t.equal(decode('cf0020000000000000'), 2n ** 53n)
  t.equal(decode('cfffffffffffffffff'), 2n ** 64n - 1n)
  t.equal(decode('d3ffe0000000000000'), -(2n ** 53n))
  t.equal(decode('d38000000000000000'), -(2n ** 63n))
  t.equal(decode('d3001fffffffffffff'), 2 ** 53 - 1)
  t.ok(Number.isNaN(decode('ca3f800000')))
  t.ok(Number.isNaN(decode('cb3ff0000000000000')))
})

t.test('malformed values', async t => {
  const cases: [string, string, RegExp][] = [
    ['0xc1', 'c1', /0xc1/],
    ['0xc1 in a list', '9101c1'.replace('91', '92'), /0xc1/],
    ['an extension', 'd40100', /extension/],
    ['a long extension', 'c7030101', /extension/],
    ['a timestamp', 'd6ff00000000', /extension/],
    ['a key that is a number', '810102', /key/],
    ['__proto__', `81a9${Buffer.from('__proto__').toString('hex')}80`, /__proto__/],
    ['a huge list', 'ddffffffff', /ends inside/],
    ['a huge map', 'dfffffffff', /ends inside/],
    ['a huge text', 'dbffffffff', /ends inside/],
    ['a huge bin', 'c6ffffffff', /ends inside/],
    ['nothing', '', /ends inside/],
    ['bytes behind', '0000', /after the value/],
    ['text that is not UTF-8', 'a2c328', /UTF-8/],
    ['a lone surrogate in UTF-8', 'a3eda080', /UTF-8/],
    ['lists too deep', `${'91'.repeat(9)}01`, /deeper/],
    ['maps too deep', `${'81a161'.repeat(9)}01`, /deeper/],
  ]
  for (const [name, bytes, wanted] of cases) {
    const error = thrown(() => decode(bytes))
    t.equal(error?.code, 'PROTOCOL', name)
    t.match(error?.message, wanted, name)
  }
  t.strictSame(decode(`${'91'.repeat(8)}01`), [[[[[[[[1]]]]]]]], 'eight levels are allowed')
  t.equal(decode('a3efbfbd'), '\ufffd', 'the replacement character itself is text')
})

t.test('nesting of any size does not exhaust the stack', async t => {
  t.equal(thrown(() => decodeValue(Buffer.alloc(1_000_000, 0x91), 8))?.code, 'PROTOCOL')
})

t.test('what no field can hold is not written', async t => {
  for (const value of [1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY, 5n, () => 1, Symbol('x')]) {
    t.throws(() => encodeValue(value), { code: 'INTERNAL' })
  }
})

t.test('half a surrogate pair is refused, not replaced', async t => {
  for (const text of ['\ud800', `${'x'.repeat(100)}\udc00`]) {
    t.throws(() => encodeValue(text), { code: 'BAD_REQUEST', message: /surrogate/ })
  }
})

t.test('keys without a value are left out, undefined in a list is nil', async t => {
  t.equal(hex(encodeValue({ a: undefined, b: 1 })), '81a16201')
  t.equal(hex(encodeValue([undefined, null])), '92c0c0')
})

t.test('large headers', async t => {
  const list = Array.from({ length: 70_000 }, (_, i) => i & 1)
  t.equal(hex(encodeValue(list).subarray(0, 5)), 'dd00011170')
  t.same(decodeValue(encodeValue(list), 8), list)
  const short = list.slice(0, 20)
  t.equal(hex(encodeValue(short).subarray(0, 3)), 'dc0014')
  const map = Object.fromEntries(list.map((value, i) => [`k${i}`, value]))
  t.equal(hex(encodeValue(map).subarray(0, 5)), 'df00011170')
  t.same(decodeValue(encodeValue(map), 8), map)
  for (const size of [31, 32, 48, 49, 255, 256, 65_535, 65_536]) {
    for (const unit of ['a', 'ü', '€', '😀']) {
      const value = unit.repeat(size)
      t.equal(decodeValue(encodeValue(value), 8), value)
      t.equal(oracleDecode(encodeValue(value)), value)
    }
    const bytes = Buffer.alloc(size, 3)
    t.same(decodeValue(encodeValue(bytes), 8), bytes)
  }
})

t.test('taken bytes are never touched again', async t => {
  const writer = new Writer(64)
  const taken: { view: Buffer; copy: string }[] = []
  for (let i = 0; i < 200; i++) {
    writer.value({ number: i, text: 'x'.repeat(i) })
    const view = writer.take()
    taken.push({ view, copy: view.toString('hex') })
  }
  for (const { view, copy } of taken) t.equal(view.toString('hex'), copy)
})

function thrown(action: () => unknown): TorcError | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    return error as TorcError
  }
}
