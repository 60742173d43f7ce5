import t from 'tap'
import { Day } from '../day/day.js'
import { failed, renderReports } from './table.js'

t.test('a line per client, and why steps did not pass', async t => {
  const day = new Day()
  t.equal(await day.step('upload', async () => undefined), true)
  t.equal(await day.step('download', () => Promise.reject(new Error('two bytes differ'))), false)
  day.skip('mount', 'FUSE is not permitted')
  const good = new Day()
  await good.step('upload', async () => undefined)
  const reports = [
    { name: 'one', version: '1.2', missing: false, steps: day.steps },
    { name: 'other', version: 'there is no apt-get', missing: true, steps: [] },
    { name: 'third', version: '3', missing: false, steps: good.steps },
  ]
  t.strictSame(reports.map(failed), [true, false, false])
  const [head, one, other, third, , ...remarks] = renderReports(reports).split('\n')
  t.match(head, /^client {2}version +passed/)
  t.match(one, /^one +1\.2 +1 +1 +1 +\d/)
  t.match(other, /^other +skipped: there is no apt-get +- /)
  t.match(third, /^third +3 +1 +0 +0 /)
  t.strictSame(remarks, [
    'one: download failed: two bytes differ',
    'one: mount skipped: FUSE is not permitted',
  ])
})
