import t from 'tap'
import { parseOptions } from './options.js'

t.test('what is asked for', async t => {
  t.match(parseOptions([]), { only: [], largeBytes: 200 * 1024 * 1024, keys: 3000 })
  t.match(parseOptions(['--only', 'curl', '--only', 'book', '--tools', '/x', '--large-mib', '1']), {
    ...{ only: ['curl', 'book'], tools: '/x', largeBytes: 1024 * 1024 },
  })
  for (const args of [['--large-mib', '0'], ['--keys', '-1'], ['--keys', 'x'], ['--x']])
    t.throws(() => parseOptions(args))
})
