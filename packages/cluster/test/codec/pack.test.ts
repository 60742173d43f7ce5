import { decodeValue } from '@torc/protocol/codec/reader'
import fc from 'fast-check'
import t from 'tap'
import { PackReader } from '../../src/codec/pack-reader.js'
import { PackWriter } from '../../src/codec/pack-writer.js'
import { runs } from '../support/runs.js'

function written(write: (writer: PackWriter) => void): string {
  // One byte, so that every value makes the buffer grow.
  const writer = new PackWriter(1)
  write(writer)
  return Buffer.from(writer.finish()).toString('hex')
}

function reader(hex: string): PackReader {
  return new PackReader(Buffer.from(hex, 'hex'), 'CORRUPT', 'sample')
}

const refused = { name: 'TorcError', code: 'CORRUPT' }

t.test('integers take their shortest form, and are never floats', async t => {
  const samples: [number, string][] = [
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
  ]
  for (const [value, hex] of samples) {
    t.equal(
      written(w => w.uint(value)),
      hex,
    )
    t.equal(reader(hex).uint(), value)
  }
  for (const value of [-1, 1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
    t.throws(() => written(w => w.uint(value)), { name: 'TorcError', code: 'INTERNAL' })
  }
})

t.test('longer forms, other types, bounds and ends are refused', async t => {
  for (const hex of [
    'cc7f',
    'cd00ff',
    'ce0000ffff',
    'cf00000000ffffffff',
    'cf0020000000000000',
    'ff',
    'cb3ff0000000000000',
    'd001',
    'c0',
    'a0',
    '',
    'cd01',
    'c1',
  ]) {
    t.throws(() => reader(hex).uint(), refused, hex)
  }
  t.throws(() => reader('05').uint(4), refused)
  for (const hex of ['dc000f', 'dd0000ffff', 'dcffff', '91', '80', 'ddffffffff'])
    t.throws(() => reader(hex).array(2 ** 33), refused, hex)
  t.throws(() => reader('920102').array(1), refused)
  t.throws(() => reader('920102').tuple(3), refused)
  for (const hex of ['c500ff', 'c60000ffff', 'c401', 'a161', 'c6ffffffff'])
    t.throws(() => reader(hex).bytes(2 ** 33), refused, hex)
  t.throws(() => reader('c4020102').bytes(1), refused)
  t.throws(() => reader('c4020102').bytes(3, true), refused)
  t.throws(() => reader('c4020102').hexBytes(3), refused)
  for (const hex of ['d90161', 'da00ff', 'db0000ffff', 'a261', 'c40161', 'a1ff', 'a2c080', 'a3eda080']) {
    t.throws(() => reader(hex).text(100), refused, hex)
  }
  t.throws(() => reader('a3616263').text(2), refused)
  t.throws(() => reader('00').end(), refused)
  t.throws(() => reader('00').schema(1), refused)
  t.throws(() => reader('02').schema(1), /format 2/)
})

t.test('arrays, byte strings and texts of every length class', async t => {
  const sizes = [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536]
  for (const size of sizes) {
    const bytes = new Uint8Array(size).fill(9)
    t.same(reader(written(w => w.bytes(bytes))).bytes(size, true), bytes)
    const text = 'x'.repeat(size)
    t.equal(reader(written(w => w.text(text))).text(size), text)
    const wide = 'é'.repeat(size)
    t.equal(reader(written(w => w.text(wide))).text(2 * size), wide)
    const read = reader(`${written(w => w.array(size))}${'00'.repeat(size)}`)
    t.equal(read.array(size), size)
  }
  t.equal(
    written(w => w.hexBytes('00ff10ab')),
    'c40400ff10ab',
  )
  t.equal(reader('c40400ff10ab').hexBytes(4), '00ff10ab')
  t.equal(reader('c0').nil(), true)
  t.equal(reader('01').nil(), false)
  t.equal(reader('').nil(), false)
  t.equal(reader('91c0').nextIsArray(), true)
  t.equal(reader('c0').nextIsArray(), false)
})

t.test('bytes are views, whatever kind of array the input is', async t => {
  const whole = Uint8Array.from([0, 0, 0xc4, 2, 7, 8])
  const read = new PackReader(whole.subarray(2), 'CORRUPT', 'sample').bytes(2)
  whole[4] = 9
  t.same([...read], [9, 8])
})

t.test('what is written is MessagePack to an independent reader', async () => {
  const values = fc.array(
    fc.oneof(
      fc.maxSafeNat(),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }),
      fc.constant(null),
    ),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(values, list => {
      const writer = new PackWriter(4)
      writer.array(list.length)
      for (const value of list) {
        if (value === null) writer.nil()
        else if (typeof value === 'number') writer.uint(value)
        else if (typeof value === 'string') writer.text(value)
        else writer.bytes(value)
      }
      const read = decodeValue(writer.finish(), 4) as unknown[]
      for (const [i, value] of list.entries()) {
        const got = read[i]
        const same =
          value instanceof Uint8Array
            ? got instanceof Uint8Array && Buffer.compare(got, value) === 0
            : got === value
        if (!same) throw new Error(`value ${i} came back as ${String(got)}`)
      }
    }),
    runs(1_000),
  )
})
