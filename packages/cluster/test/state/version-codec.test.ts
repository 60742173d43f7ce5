import { isDeepStrictEqual } from 'node:util'
import { decodeValue } from '@torc/protocol/codec/reader'
import { contentShape } from '@torc/protocol/cutting/content-cutter'
import { limits } from '@torc/protocol/limits'
import fc from 'fast-check'
import t from 'tap'
import { contextOfDot } from '../../src/clocks/causal-context.js'
import { partSizesOf, type Version } from '../../src/state/version.js'
import { decodeVersion, encodeVersion } from '../../src/state/version-codec.js'
import { checkMalformed } from '../support/malformed.js'
import { versions } from '../support/records.js'
import { runs } from '../support/runs.js'
import { actor, version } from '../support/samples.js'

const damaged = { name: 'TorcError', code: 'CORRUPT' }

t.test('golden bytes of format 1', async t => {
  const sample = version({
    dot: { actor: actor(1), counter: 300 },
    after: 7,
    context: contextOfDot({ actor: actor(2), counter: 4 }, 0),
    metadata: [['k', 'v']],
    seq: 2,
    sha256: new Uint8Array(32).fill(0xaa),
    opId: new Uint8Array(16).fill(0xbb),
    blocks: [
      { hash: new Uint8Array(32).fill(0xcc), size: 3 },
      { hash: new Uint8Array(32).fill(0xdd), size: 2 },
    ],
  })
  const parts = [
    '9f01',
    'c408a000000000000001',
    'cd012c',
    '07',
    '00',
    '05',
    `d922${Buffer.from('2cf24dba5fb0a30e26e83b2ac5b9e29e-t').toString('hex')}`,
    `c420${'aa'.repeat(32)}`,
    `aa${Buffer.from('text/plain').toString('hex')}`,
    '92a16ba176',
    'cf00060a24181e4000',
    '02',
    `c410${'bb'.repeat(16)}`,
    '9301c408100000000000000204'.replace('1000000000000002', actor(2)),
    `95c440${'cc'.repeat(32)}${'dd'.repeat(32)}01030102`,
  ]
  t.equal(Buffer.from(encodeVersion(sample)).toString('hex'), parts.join(''))
})

t.test('golden bytes of format 2: one more field, for a version in parts alone', async t => {
  const blocks = [1, 2, 3].map(n => ({ hash: new Uint8Array(32).fill(n), size: 5 }))
  const plain = version({ size: 15, blocks })
  const inParts = { ...plain, partBlocks: [1, 1, 0, 1] }
  const one = Buffer.from(encodeVersion(plain)).toString('hex')
  const two = Buffer.from(encodeVersion(inParts)).toString('hex')
  t.equal(one.slice(0, 4), '9f01')
  t.equal(two, `dc001002${one.slice(4)}96020101000101`)
  t.strictSame(decodeVersion(Buffer.from(two, 'hex')).partBlocks, inParts.partBlocks)
  t.notOk('partBlocks' in decodeVersion(Buffer.from(one, 'hex')))
  t.strictSame(partSizesOf(inParts), [5, 5, 0, 5])
  t.equal(partSizesOf(plain), undefined)
})

t.test('golden bytes of format 3: what few versions have, and no other format for them', async t => {
  const blocks = [1, 2].map(n => ({ hash: new Uint8Array(32).fill(n), size: 5 }))
  const plain = version({ size: 10, blocks })
  const start = Buffer.from(encodeVersion(plain)).toString('hex').slice(4)
  const cases: [more: Partial<Version>, hex: string][] = [
    [{ isNull: true }, 'c0 01 90'],
    [{ tags: [['k', 'v']] }, 'c0 00 92 a16b a176'],
    [{ partBlocks: [1, 1], tags: [['k', 'v']], isNull: true }, '92 0201 01 92 a16b a176'],
  ]
  for (const [more, hex] of cases) {
    const bytes = `dc001203${start}${hex.replaceAll(' ', '')}`
    t.equal(Buffer.from(encodeVersion({ ...plain, ...more })).toString('hex'), bytes)
    t.strictSame(decodeVersion(Buffer.from(bytes, 'hex')), { ...plain, ...more })
  }
  for (const [what, hex] of [
    ['neither', 'c00090'],
    ['another number', 'c00290'],
    ['a tag without a value', 'c00191a16b'],
    ['too many tags', `c001dc0082${'a16ba176'.repeat(65)}`],
  ] as const)
    t.throws(() => decodeVersion(Buffer.from(`dc001203${start}${hex}`, 'hex')), damaged, what)
})

t.test('parts must add up to the blocks, in their one form', async t => {
  const blocks = [1, 2].map(n => ({ hash: new Uint8Array(32).fill(n), size: 5 }))
  const plain = Buffer.from(encodeVersion(version({ size: 10, blocks }))).toString('hex')
  const start = `dc001002${plain.slice(4)}`
  t.strictSame(decodeVersion(Buffer.from(`${start}920201`, 'hex')).partBlocks, [1, 1])
  const cases = {
    'one run cut in two': '94 01 01 01 01',
    'too few blocks': '92 01 01',
    'too many blocks': '92 03 01',
    'no part': '90',
    'an empty run': '94 00 01 02 01',
    'a run without a number': '91 02',
    'too many parts': '92 cd2711 00',
  }
  for (const [what, parts] of Object.entries(cases))
    t.throws(() => decodeVersion(Buffer.from(start + parts.replaceAll(' ', ''), 'hex')), damaged, what)
  const inline = Buffer.from(encodeVersion(version({ size: 0 }))).toString('hex')
  const inlineInParts = Buffer.from(`dc001002${inline.slice(4)}920100`, 'hex')
  t.throws(() => decodeVersion(inlineInParts), damaged, 'parts of an inline body')
  const wrongCount = Buffer.from(`9f02${plain.slice(4)}`, 'hex')
  t.throws(() => decodeVersion(wrongCount), damaged, 'format 2 with the fields of format 1')
})

t.test('comes back as it was', async () => {
  fc.assert(
    fc.property(versions, made => {
      const bytes = encodeVersion(made)
      decodeValue(bytes, 8)
      if (!isDeepStrictEqual(decodeVersion(bytes), made)) throw new Error('differs')
    }),
    runs(2_000),
  )
})

t.test('malformed input is refused', async () => {
  checkMalformed(versions, encodeVersion, bytes => decodeVersion(bytes), 'CORRUPT')
})

t.test('well-formed values that contradict each other are refused', async t => {
  const dot = { actor: actor(1), counter: 5 }
  const cases = {
    'after its own dot': version({ dot, after: 5 }),
    'covers itself': version({ dot, context: contextOfDot(dot, 0) }),
    'without a sequence number': version({ seq: 0 }),
    'a marker with a size': version({ kind: 'marker' }),
    'a marker with blocks': version({ kind: 'marker', size: 0, blocks: [] }),
    'a short digest': version({ sha256: new Uint8Array(31) }),
    'a short opId': version({ opId: new Uint8Array(15) }),
    'a large etag': version({ etag: 'e'.repeat(129) }),
    'too much metadata': version({
      metadata: Array.from({ length: limits.metadataPairsMax + 1 }, () => ['a', 'b'] as const),
    }),
    'blocks that are less than the size': version({
      size: 9,
      blocks: [{ hash: new Uint8Array(32), size: 8 }],
    }),
    'blocks that are more than the size': version({
      size: 9,
      blocks: [{ hash: new Uint8Array(32), size: 10 }],
    }),
    'an empty block': version({ size: 0, blocks: [{ hash: new Uint8Array(32), size: 0 }] }),
    'a block beyond the limit': version({
      size: 2 ** 30,
      blocks: [{ hash: new Uint8Array(32), size: 2 ** 30 }],
    }),
    'a size beyond the limit': version({ size: limits.objectBytesMax + 1 }),
  }
  for (const [what, made] of Object.entries(cases))
    t.throws(() => decodeVersion(encodeVersion(made)), damaged, what)
  t.throws(() => decodeVersion(encodeVersion(cases['covers itself']), 'BAD_REQUEST'), { code: 'BAD_REQUEST' })
})

t.test('runs of blocks must be in their one form and match the hashes', async t => {
  const plain = Buffer.from(encodeVersion(version({ size: 5 }))).toString('hex')
  const start = plain.slice(0, -2)
  const hashes = (count: number) => `c4${(32 * count).toString(16)}${'00'.repeat(32 * count)}`
  t.doesNotThrow(() => decodeVersion(Buffer.from(`${start}93${hashes(1)}0105`, 'hex')))
  const cases = {
    'one run cut in two': `95${hashes(2)}01 02 01 02`,
    'more blocks than hashes': `93${hashes(1)}02 02`,
    'more hashes than blocks': `93${hashes(2)}01 05`,
    'an empty run': `95${hashes(1)}00 01 01 05`,
    'a run without a size': `92${hashes(1)}01`,
    'a piece of a hash': `93c421${'00'.repeat(33)}01 05`,
  }
  for (const [what, blocks] of Object.entries(cases)) {
    t.throws(() => decodeVersion(Buffer.from(start + blocks.replaceAll(' ', ''), 'hex')), damaged, what)
  }
})

t.test('the largest object fits a head', async t => {
  const count = limits.objectBytesMax / limits.blockBytes
  const blocks = Array.from({ length: count }, () => ({ hash: new Uint8Array(32), size: limits.blockBytes }))
  const bytes = encodeVersion(version({ size: limits.objectBytesMax, blocks }))
  t.ok(bytes.length < limits.headBytesMax - 64 * 1024)
  t.equal(decodeVersion(bytes).blocks?.length, count)
})

t.test('the largest object fits a head however its content is cut', async t => {
  const { bytesMin } = contentShape
  const count = Math.ceil(limits.objectBytesMax / bytesMin)
  t.equal(count, limits.objectBlocksMax)
  // No two neighbours of one size: each is a run of its own.
  const sizes = Array.from({ length: count - 1 }, (_, i) => bytesMin + (i % 2))
  const size = sizes.reduce((a, b) => a + b, 0)
  const blocks = [...sizes, 1].map(one => ({ hash: new Uint8Array(32), size: one }))
  const record = encodeVersion(version({ size: size + 1, blocks }))
  t.ok(record.length < limits.headBytesMax - 32 * 1024, `${record.length} bytes`)
  t.equal(decodeVersion(record).blocks?.length, count)

  // Most parts, each a run of its own, some of which have more blocks than a byte says.
  const parts = limits.objectPartsMax
  const partBlocks = Array.from({ length: parts }, (_, i) => 1 + (i % 2))
  partBlocks[0] = count - partBlocks.slice(1).reduce((a, b) => a + b, 0)
  const inParts = encodeVersion({ ...version({ size: size + 1, blocks }), partBlocks })
  t.ok(inParts.length < limits.headBytesMax - 30 * 1024, `${inParts.length} bytes`)
  t.equal(decodeVersion(inParts).partBlocks?.length, parts)
})
