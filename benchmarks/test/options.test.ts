import t from 'tap'
import { parseOptions } from '../src/options.js'

t.test('defaults and values', async t => {
  t.match(parseOptions([]), {
    only: undefined,
    seconds: 3,
    rounds: 3,
    largeBytes: 256 * 1024 * 1024,
    json: false,
  })
  t.match(parseOptions(['--only', 'put', '--seconds', '0.5', '--json', '--large-mib', '1']), {
    only: 'put',
    seconds: 0.5,
    json: true,
    largeBytes: 1024 * 1024,
  })
})

t.test('what does not fit is refused', async t => {
  t.throws(() => parseOptions(['--seconds', '0']), /--seconds must be a number above 0/)
  t.throws(() => parseOptions(['--seconds', 'soon']), /--seconds/)
  t.throws(() => parseOptions(['--no-such']))
})
