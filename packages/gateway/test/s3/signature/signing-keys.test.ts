import t from 'tap'
import { signingKey } from '../../../src/s3/signature/signing.js'
import { SigningKeys } from '../../../src/s3/signature/signing-keys.js'

const today = { date: '20261127', region: 'us-east-1' }

t.test('a key is derived once for a day, a region and a secret', async t => {
  const keys = new SigningKeys()
  const first = keys.keyOf('a', 'secret', today)
  t.strictSame(Buffer.from(first), signingKey('secret', today))
  t.equal(keys.keyOf('a', 'secret', { ...today }), first)
  t.strictSame(Buffer.from(keys.keyOf('a', 'other', today)), signingKey('other', today))
  for (const scope of [
    { ...today, date: '20261128' },
    { ...today, region: 'eu-west-1' },
  ])
    t.strictSame(Buffer.from(keys.keyOf('a', 'other', scope)), signingKey('other', scope))
})

t.test('those who asked longest ago are forgotten', async t => {
  const keys = new SigningKeys()
  const first = keys.keyOf('a', 'secret', today)
  for (let i = 0; i < 1_024; i++) keys.keyOf(`other-${i}`, 'secret', today)
  t.not(keys.keyOf('a', 'secret', today), first)
})
