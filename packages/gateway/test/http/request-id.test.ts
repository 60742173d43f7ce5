import t from 'tap'
import { RequestIds } from '../../src/http/request-id.js'

t.test('each request has an id of its own, and randomness is asked for seldom', async t => {
  let asked = 0
  let next = 0
  const ids = new RequestIds({
    bytes: count => {
      asked++
      return Uint8Array.from({ length: count }, () => next++ >> 3)
    },
    fraction: () => 0,
  })
  const given = Array.from({ length: 200 }, () => ids.of({ headers: {} }))
  t.equal(new Set(given).size, 200)
  t.ok(given.every(id => /^[0-9a-f]{16}$/.test(id)))
  t.equal(asked, 2)
})

t.test('a sound id of the client is kept', async t => {
  const ids = new RequestIds({ bytes: count => new Uint8Array(count), fraction: () => 0 })
  t.equal(ids.of({ headers: { 'x-request-id': 'mine-1' } }), 'mine-1')
  for (const unsound of ['', 'a b', 'x'.repeat(65), 'a\nb'])
    t.equal(ids.of({ headers: { 'x-request-id': unsound } }), '0'.repeat(16))
})
