import t from 'tap'
import { checkPast, hybridTimeOf, timeText } from '../../src/flows/past-time.js'
import { fakeCluster } from '../fakes/fake-cluster.js'

t.test('the running millisecond is past, the next one is not', t => {
  const { c, environment } = fakeCluster()
  const nowMs = environment.clock.nowMs()
  checkPast(c, undefined)
  checkPast(c, 0)
  checkPast(c, hybridTimeOf(new Date(nowMs)))
  t.throws(() => checkPast(c, (nowMs + 1) * 1000), {
    code: 'BAD_REQUEST',
    message: `${new Date(nowMs + 1).toISOString()} is in the future`,
    hint: new RegExp(`clock says ${new Date(nowMs).toISOString()}`),
  })
  t.end()
})

t.test('a Date stands for its whole millisecond', t => {
  const date = new Date('2026-03-04T05:06:07.089Z')
  t.equal(hybridTimeOf(date), date.getTime() * 1000 + 999)
  t.equal(timeText(hybridTimeOf(date)), '2026-03-04T05:06:07.089Z')
  t.throws(() => hybridTimeOf(new Date('nonsense')), { code: 'BAD_REQUEST' })
  t.throws(() => hybridTimeOf(new Date(-1)), { code: 'BAD_REQUEST' })
  t.end()
})
