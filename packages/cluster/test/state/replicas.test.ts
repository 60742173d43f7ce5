import fc from 'fast-check'
import t from 'tap'
import { cases, checkHistory } from '../support/history-property.js'
import { runs } from '../support/runs.js'

t.test('random histories of a key: all that must hold holds (see checkHistory)', async () => {
  fc.assert(fc.property(cases, checkHistory), runs(10_000))
})
