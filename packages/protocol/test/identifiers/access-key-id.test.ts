import t from 'tap'
import { accessKeyIdOf, isAccessKeyId, isMadeAccessKeyId } from '../../src/identifiers/access-key-id.js'

t.test('ids of access keys are read as such', async t => {
  const made = accessKeyIdOf(Buffer.alloc(32, 0xff))
  t.equal(made, 'TK777777777777777777')
  t.equal(accessKeyIdOf(Buffer.alloc(32)), 'TKAAAAAAAAAAAAAAAAAA')
  t.ok(isMadeAccessKeyId(made))
  t.ok(isAccessKeyId(made))
  const root = 'TORCABCDEFGHIJKL2345'
  t.notOk(isMadeAccessKeyId(root))
  t.ok(isAccessKeyId(root))
  for (const text of [
    '',
    'TK',
    made.toLowerCase(),
    `${made}A`,
    made.slice(1),
    'TK77777777777777777/',
    7,
    null,
  ])
    t.notOk(isAccessKeyId(text), String(text))
})
