import fc from 'fast-check'
import t from 'tap'
import { Fingerprint } from '../../src/codec/fingerprint.js'
import { runs } from '../support/runs.js'

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** MurmurHash3_x86_128 over bytes, written from its description with BigInt. */
function murmur(bytes: Uint8Array, seed: number): string {
  const mask = 0xffffffffn
  const times = (a: bigint, b: bigint) => (a * b) & mask
  const plus = (...all: bigint[]) => all.reduce((a, b) => (a + b) & mask)
  const rotate = (a: bigint, bits: bigint) => ((a << bits) | (a >> (32n - bits))) & mask
  const c = [0x239b961bn, 0xab0e9789n, 0x38b34ae5n, 0xa1e38b93n]
  const bits = [15n, 16n, 17n, 18n]
  const turns = [19n, 17n, 15n, 13n]
  const adds = [0x561ccd1bn, 0x0bcaa747n, 0x96cd1c35n, 0x32ac3b17n]
  const at = (list: readonly bigint[], i: number) => list[i % 4] ?? 0n
  const mixed = (k: bigint, i: number) => times(rotate(times(k, at(c, i)), at(bits, i)), at(c, i + 1))
  const h = [0, 1, 2, 3].map(() => BigInt(seed))
  const word = (from: number) => {
    let k = 0n
    for (let i = 3; i >= 0; i--) k = (k << 8n) | BigInt(bytes[from + i] ?? 0)
    return k
  }
  const whole = bytes.length - (bytes.length % 16)
  for (let from = 0; from < whole; from += 16) {
    for (let i = 0; i < 4; i++) {
      h[i] = at(h, i) ^ mixed(word(from + 4 * i), i)
      h[i] = plus(times(plus(rotate(at(h, i), at(turns, i)), at(h, i + 1)), 5n), at(adds, i))
    }
  }
  for (let i = 0; whole + 4 * i < bytes.length; i++) h[i] = at(h, i) ^ mixed(word(whole + 4 * i), i)
  const spread = () => {
    h[0] = plus(...h)
    for (let i = 1; i < 4; i++) h[i] = plus(at(h, i), at(h, 0))
  }
  for (let i = 0; i < 4; i++) h[i] = at(h, i) ^ BigInt(bytes.length)
  spread()
  for (let i = 0; i < 4; i++) {
    let k = at(h, i)
    k = times(k ^ (k >> 16n), 0x85ebca6bn)
    k = times(k ^ (k >> 13n), 0xc2b2ae35n)
    h[i] = k ^ (k >> 16n)
  }
  spread()
  return h.map(k => k.toString(16).padStart(8, '0')).join('')
}

t.test('is MurmurHash3_x86_128', async t => {
  // The sample of the murmurhash3js package vouches for the reference above.
  const sample = Buffer.from("I will not buy this tobacconist's, it is scratched.")
  t.equal(murmur(sample, 0), '9b5b7ba2ef3f7866889adeaf00f3f98e')
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 12 }),
      fc.nat(9),
      (words, seed) => {
        const fingerprint = new Fingerprint(seed)
        for (const word of words) fingerprint.word(word)
        const bytes = Buffer.alloc(4 * words.length)
        for (const [i, word] of words.entries()) bytes.writeUInt32LE(word, 4 * i)
        if (hex(fingerprint.finish()) !== murmur(bytes, seed)) throw new Error('differs')
      },
    ),
    runs(1_000),
  )
})

t.test('values of each kind: fixed results, because they are stored', async t => {
  const of = (seed: number, add: (f: Fingerprint) => void) => {
    const fingerprint = new Fingerprint(seed)
    add(fingerprint)
    return hex(fingerprint.finish())
  }
  t.equal(
    of(2, f => {
      f.actor('0123456789abcdef')
      f.integer(2 ** 32 + 5)
    }),
    '802c505328d834d8ddf3b45870cfcd9d',
  )
  t.equal(
    of(3, f => f.text('policy')),
    '2781bef3a495ef6a37a156d08678c7db',
  )
  t.equal(
    of(4, f => f.bytes(Uint8Array.of(1, 2, 3, 4, 5))),
    '060f6a7955ed7071482a34201eb46e64',
  )
})

t.test('different words give different fingerprints', async () => {
  const words = fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 10 })
  const of = (list: readonly number[]) => {
    const fingerprint = new Fingerprint(1)
    for (const word of list) fingerprint.word(word)
    return hex(fingerprint.finish())
  }
  fc.assert(
    fc.property(words, words, (a, b) => (a.join() === b.join()) === (of(a) === of(b))),
    runs(2_000),
  )
})
