import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { SecretSeals, sealedBytesMax } from '../../src/access/secret-seals.js'

const seals = new SecretSeals(Buffer.alloc(32, 9), systemHasher, systemRandom)
const others = new SecretSeals(Buffer.alloc(32, 8), systemHasher, systemRandom)
const opId = Buffer.alloc(16, 3)

t.test('an operation makes one key, another one another', async t => {
  const made = seals.make(opId)
  t.match(made.accessKey, /^TK[A-Z2-7]{18}$/)
  t.equal(Buffer.from(made.secretKey, 'base64url').length, 32)
  t.strictSame(seals.make(opId), made)
  const next = seals.make(Buffer.alloc(16, 4))
  t.not(next.accessKey, made.accessKey)
  t.not(next.secretKey, made.secretKey)
  t.not(others.make(opId).secretKey, made.secretKey, 'nobody makes it without the secret of the cluster')
})

t.test('a sealed secret opens for its key alone, in its cluster alone, and whole', async t => {
  const made = seals.make(opId)
  const sealed = Buffer.from(seals.seal(made))
  t.ok(sealed.length <= sealedBytesMax)
  t.notOk(sealed.includes(made.secretKey))
  t.notSame(seals.seal(made), sealed, 'no two look alike')
  t.equal(seals.open(made.accessKey, sealed), made.secretKey)
  const corrupt = { code: 'CORRUPT' }
  t.throws(() => seals.open(seals.make(Buffer.alloc(16, 4)).accessKey, sealed), corrupt)
  t.throws(() => others.open(made.accessKey, sealed), corrupt)
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    t.throws(() => seals.open(made.accessKey, changed), corrupt)
    t.throws(() => seals.open(made.accessKey, sealed.subarray(0, at)), corrupt)
  }
})
