import t from 'tap'
import { deriveRootKey, handshakeSecretOf } from '../../src/handshake/root-key.js'

t.test('one secret, one key', async t => {
  const key = deriveRootKey(Buffer.alloc(32, 1))
  t.match(key.accessKey, /^TORC[A-Z2-7]{16}$/)
  t.equal(Buffer.from(key.secretKey, 'base64url').length, 32)
  t.strictSame(deriveRootKey(Buffer.alloc(32, 1)), key)
  const other = deriveRootKey(Buffer.alloc(32, 2))
  t.not(other.accessKey, key.accessKey)
  t.not(other.secretKey, key.secretKey)
})

t.test('a known derivation: HKDF-SHA-256 must never change under a cluster', async t => {
  t.strictSame(deriveRootKey(Buffer.alloc(32)), {
    accessKey: 'TORCTBX7AEMDVCHS2MJZ',
    secretKey: 'EyccrkKMJxxVIdPOcnr-TvwFN3CiQmQtEUbbc43WO0M',
  })
})

t.test('the handshake proves the text of the secret key', async t => {
  t.strictSame(Buffer.from(handshakeSecretOf('ab-_')), Buffer.from('ab-_'))
})
