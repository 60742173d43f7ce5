import { createCipheriv } from 'node:crypto'
import { brotliCompressSync } from 'node:zlib'
import t from 'tap'
import {
  blockEncoding,
  type Compressor,
  decodeBlock,
  formOf,
  smallestForm,
  storedSizeOf,
} from '../../src/blocks/block-encoding.js'
import { brotliCompressor } from '../../src/blocks/brotli-compressor.js'
import { immediateCompressor } from '../../src/blocks/immediate-compressor.js'

const mebibyte = 1024 * 1024
const text = Buffer.alloc(mebibyte, Array.from({ length: 9000 }, (_, i) => `${i} bottles of beer\n`).join(''))

/** Bytes without a pattern. */
function noise(size: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(size))
}

/** Notes how many bytes it was given each time. */
function counting(): Compressor & { readonly given: number[] } {
  const given: number[] = []
  return {
    ...brotliCompressor,
    given,
    compress(bytes) {
      given.push(bytes.length)
      return brotliCompressor.compress(bytes)
    },
  }
}

t.test('what shrinks is kept compressed, and comes back', async t => {
  for (const size of [4097, 100_000, 128 * 1024, mebibyte]) {
    const pieces = [text.subarray(0, 1000), text.subarray(1000, size)]
    const form = await smallestForm(brotliCompressor, pieces, size)
    t.equal(form.encoding, blockEncoding.brotli)
    t.ok(storedSizeOf(form) < size / 2)
    const file = Buffer.concat(form.pieces)
    t.same(await decodeBlock(brotliCompressor, form.encoding, file, size), text.subarray(0, size))
  }
})

t.test('what does not shrink stays as it is, and costs a small sample', async t => {
  const compressor = counting()
  const pieces = [noise(mebibyte)]
  t.same(await smallestForm(compressor, pieces, mebibyte), { encoding: blockEncoding.plain, pieces })
  t.same(compressor.given, [32 * 1024])
  const small = [noise(50_000)]
  t.same(await smallestForm(compressor, small, 50_000), { encoding: blockEncoding.plain, pieces: small })
  const tiny = [text.subarray(0, 4096)]
  t.same(await smallestForm(compressor, tiny, 4096), { encoding: blockEncoding.plain, pieces: tiny })
  t.same(compressor.given, [32 * 1024, 50_000], 'less than a page is not tried')
})

t.test('samples are the same however the block is in pieces', async t => {
  const bytes = noise(mebibyte)
  const sampleOf = async (pieces: readonly Uint8Array[]) => {
    const seen: Uint8Array[] = []
    const compress = async (sample: Uint8Array) => {
      seen.push(sample)
      return sample
    }
    await smallestForm({ ...brotliCompressor, compress }, pieces, mebibyte)
    t.equal(seen.length, 1)
    return seen[0]
  }
  const whole = await sampleOf([bytes])
  t.equal(whole?.length, 32 * 1024)
  t.same(whole?.subarray(0, 4096), bytes.subarray(0, 4096))
  t.same(whole?.subarray(-4096), bytes.subarray(-4096))
  for (const size of [1000, 4096, 65_536, 300_000]) {
    const pieces: Uint8Array[] = []
    for (let at = 0; at < mebibyte; at += size) pieces.push(bytes.subarray(at, at + size))
    t.same(await sampleOf(pieces), whole)
  }
})

t.test('a twentieth is not enough', async t => {
  const mixed = Buffer.concat([noise(95_000), text.subarray(0, 5_000)])
  t.equal((await smallestForm(brotliCompressor, [mixed], mixed.length)).encoding, blockEncoding.plain)
  const half = Buffer.concat([noise(50_000), text.subarray(0, 50_000)])
  t.equal((await smallestForm(brotliCompressor, [half], half.length)).encoding, blockEncoding.brotli)
})

t.test('a block can be had in a given form, whether it gains or not', async t => {
  const bytes = noise(10_000)
  const plain = await formOf(brotliCompressor, blockEncoding.plain, [bytes])
  t.same(plain, { encoding: blockEncoding.plain, pieces: [bytes] })
  const form = await formOf(brotliCompressor, blockEncoding.brotli, [bytes.subarray(0, 9), bytes.subarray(9)])
  const file = Buffer.concat(form.pieces)
  t.ok(file.length > bytes.length)
  t.same(await decodeBlock(brotliCompressor, form.encoding, file, bytes.length), bytes)
})

for (const [name, compressor] of Object.entries({ brotliCompressor, immediateCompressor })) {
  t.test(`${name}: a torn, damaged or overlong file gives no bytes, whatever it holds`, async t => {
    const file = await compressor.compress(text)
    const decode = (bytes: Uint8Array, size = text.length) =>
      decodeBlock(compressor, blockEncoding.brotli, bytes, size)
    t.equal(await decode(file.subarray(0, file.length - 1)), undefined)
    t.equal(await decode(Buffer.alloc(0)), undefined)
    t.equal(await decode(noise(1000)), undefined)
    t.equal(await decode(file, text.length - 1), undefined, 'more than the block has')
    const bomb = brotliCompressSync(Buffer.alloc(64 * mebibyte))
    t.ok(bomb.length < 1000)
    t.equal(await decode(bomb, mebibyte), undefined)
    for (let at = 0; at < file.length; at += Math.ceil(file.length / 200)) {
      const bytes = Buffer.from(file)
      bytes[at] = (bytes[at] ?? 0) ^ 4
      const found = await decode(bytes)
      t.ok(found === undefined || found.length <= text.length)
    }
  })

  t.test(`${name}: what is no fault of the bytes is told`, async t => {
    await t.rejects(compressor.decompress(7 as never, 9), { code: 'ERR_INVALID_ARG_TYPE' })
  })

  t.test(`${name}: both make the same of the same`, async t => {
    t.same(await compressor.compress(text), await brotliCompressor.compress(text))
  })
}
