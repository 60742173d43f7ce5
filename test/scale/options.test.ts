import { tmpdir } from 'node:os'
import t from 'tap'
import { parseOptions } from './options.js'

t.test('what is not said is the acceptance of the long form', async t => {
  t.match(parseOptions([]), {
    keys: 1_000_000,
    versions: 10_000,
    folder: tmpdir(),
    json: false,
  })
})

t.test('what is said is taken', async t => {
  const args = ['--keys', '5000', '--versions', '300', '--repetitions', '3', '--in-flight', '8']
  t.match(parseOptions([...args, '--folder', '/data', '--json']), {
    keys: 5000,
    versions: 300,
    repetitions: 3,
    inFlight: 8,
    folder: '/data',
    json: true,
  })
})

t.test('what makes no sense is refused', async t => {
  t.throws(() => parseOptions(['--keys', '1000']), /--keys must be a whole number of at least 2000/)
  t.throws(() => parseOptions(['--versions', '1e4']), /--versions/)
  t.throws(() => parseOptions(['--repetitions', '0']), /--repetitions/)
  t.throws(() => parseOptions(['--wrong']), /--wrong/)
})
