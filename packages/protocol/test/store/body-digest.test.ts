import { createHash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { systemHasher } from '../../src/environment/system.js'
import { BodyDigest } from '../../src/store/body-digest.js'

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

function digestOf(parts: readonly number[] | undefined, pieces: readonly Uint8Array[]): string {
  const digest = new BodyDigest(systemHasher, { parts })
  for (const piece of pieces) digest.update(piece)
  return Buffer.from(digest.digest()).toString('hex')
}

t.test('property: the digest of the parts’ digests, however the bytes come', async () => {
  const lists = fc.array(fc.nat(40), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(lists, fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 }), (parts, cuts) => {
      const size = parts.reduce((sum, part) => sum + part, 0)
      const bytes = Buffer.from(Array.from({ length: size }, (_, i) => i % 251))
      const pieces: Buffer[] = []
      let at = 0
      for (const cut of cuts) {
        pieces.push(bytes.subarray(at, at + cut))
        at += cut
      }
      pieces.push(bytes.subarray(at))
      let start = 0
      const expected = sha256(
        Buffer.concat(
          parts.map(part => {
            start += part
            return sha256(bytes.subarray(start - part, start))
          }),
        ),
      ).toString('hex')
      return digestOf(parts, pieces) === expected
    }),
  )
})

t.test('without parts it is that of the bytes', async t => {
  t.equal(
    digestOf(undefined, [Buffer.from('ab'), Buffer.from('c')]),
    sha256(Buffer.from('abc')).toString('hex'),
  )
  t.equal(digestOf(undefined, []), sha256(Buffer.alloc(0)).toString('hex'))
})

t.test('too few or too many bytes have another digest', async t => {
  const whole = digestOf([2, 1], [Buffer.from('abc')])
  for (const text of ['ab', 'abcd', 'abd', '']) t.not(digestOf([2, 1], [Buffer.from(text)]), whole, text)
  t.not(digestOf([2], [Buffer.from('abc')]), digestOf([2], [Buffer.from('ab')]))
})
