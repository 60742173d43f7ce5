import t from 'tap'
import { History, Violation } from './history.js'

const filling = Buffer.from('filling')

t.test('a read shows the last acknowledged write or a later one', async t => {
  const history = new History()
  const first = history.begin('k', filling)
  t.doesNotThrow(() => history.checkAbsent('k'), 'nothing was acknowledged')
  history.acknowledge(first, 'v1')
  t.throws(() => history.checkAbsent('k'), Violation)
  t.doesNotThrow(() => history.checkRead('k', first.body))
  const second = history.begin('k', filling)
  t.doesNotThrow(() => history.checkRead('k', second.body), 'under way')
  history.acknowledge(second, 'v2')
  t.throws(() => history.checkRead('k', first.body), /shows write 1 .* after 2 \(put\)/)
  t.equal(history.lateHeads, 0)
  t.same([history.count('acknowledged'), history.count('indeterminate')], [2, 0])
})

t.test('a failed write may take effect late', async t => {
  const history = new History()
  const failed = history.begin('k', filling)
  history.fail(failed)
  t.same(history.livingKeys(), [])
  const second = history.begin('k', filling)
  history.acknowledge(second, 'v2')
  t.equal(history.lateHeads, 0)
  t.doesNotThrow(() => history.checkRead('k', failed.body))
  t.equal(history.lateHeads, 1)
  t.same(history.livingKeys(), ['k'])
  t.same(history.keys, ['k'])
})

t.test('what was deleted stays away', async t => {
  const history = new History()
  const first = history.begin('k', filling)
  history.acknowledge(first, 'v1')
  const purge = history.beginDelete('k')
  t.doesNotThrow(() => history.checkAbsent('k'), 'under way')
  t.doesNotThrow(() => history.checkRead('k', first.body), 'under way')
  history.acknowledge(purge)
  t.doesNotThrow(() => history.checkAbsent('k'))
  t.doesNotThrow(() => history.checkVersions('k', new Set()))
  t.throws(() => history.checkRead('k', first.body), /shows write 1 .* after 2 \(delete\)/)
  t.same(history.livingKeys(), [])
  history.acknowledge(history.begin('k', filling), 'v3')
  t.same(history.livingKeys(), ['k'])
  t.throws(() => history.checkAbsent('k'), Violation)
  history.fail(history.beginDelete('k'))
  t.doesNotThrow(() => history.checkAbsent('k'), 'a DELETE that failed may have worked')
})

t.test('a write that was tried more than once may have a late twin', async t => {
  const history = new History()
  const first = history.begin('k', filling)
  history.acknowledge(first, 'v1', true)
  history.acknowledge(history.begin('k', filling), 'v2')
  t.doesNotThrow(() => history.checkRead('k', first.body))
  t.equal(history.lateHeads, 1)
})

t.test('no acknowledged version is ever lost', async t => {
  const history = new History()
  history.acknowledge(history.begin('k', filling), 'v1')
  history.fail(history.begin('k', filling))
  history.acknowledge(history.begin('k', filling), 'v3')
  t.doesNotThrow(() => history.checkVersions('k', new Set(['v1', 'v2', 'v3'])))
  t.throws(() => history.checkVersions('k', new Set(['v3'])), /write 1 .* v1 and is lost/)
})

t.test('bytes must be those that were written there', async t => {
  const history = new History()
  const write = history.begin('k', filling)
  const other = history.begin('other', filling)
  t.throws(() => history.checkRead('k', Buffer.from('noise')), /nobody wrote/)
  t.throws(() => history.checkRead('k', other.body), /nobody wrote/)
  t.throws(() => history.checkRead('k', write.body.subarray(0, -1)), /other bytes/)
})
