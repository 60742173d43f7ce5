import fc from 'fast-check'
import t from 'tap'
import { compareVersions, versionIdOf } from '../../src/state/version.js'
import { runs } from '../support/runs.js'
import { actor, version } from '../support/samples.js'

t.test('ids are RFC 4648 base32, lower case, 26 characters for 16 bytes', async t => {
  // RFC 4648 §10.
  for (const [text, id] of Object.entries({
    '': '',
    f: 'my',
    fo: 'mzxq',
    foo: 'mzxw6',
    foob: 'mzxw6yq',
    fooba: 'mzxw6ytb',
    foobar: 'mzxw6ytboi',
  })) {
    t.equal(versionIdOf(Buffer.from(text)), id)
  }
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), opId => {
      const id = versionIdOf(opId)
      if (!/^[a-z2-7]{26}$/.test(id)) throw new Error(id)
      const bits = [...id]
        .map(c => 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(c).toString(2).padStart(5, '0'))
        .join('')
      const back = Array.from({ length: 16 }, (_, i) => Number.parseInt(bits.slice(8 * i, 8 * i + 8), 2))
      if (back.join() !== [...opId].join()) throw new Error('differs')
    }),
    runs(500),
  )
})

t.test('newest first: by time, then by dot', async t => {
  const make = (n: number, counter: number, createdAt: number) =>
    version({ dot: { actor: actor(n), counter }, createdAt })
  const [old, a, b, c] = [make(1, 9, 5), make(2, 1, 7), make(3, 1, 7), make(3, 2, 7)]
  const order = [old, a, b, c].sort(compareVersions)
  t.equal(order.at(-1), old)
  t.equal(order.indexOf(b), order.indexOf(c) + 1)
  t.same([c, b, old, a].sort(compareVersions), order, 'one order, wherever it starts')
})
