import t from 'tap'
import { parseOptions } from './options.js'

t.test('sizes with and without a unit', async t => {
  const mebibyte = 1024 * 1024
  t.match(parseOptions([]), { streams: 100, bytes: 64 * mebibyte, memoryBytesMax: 300 * mebibyte })
  t.match(parseOptions(['--size', '8MiB', '--streams', '20']), { streams: 20, bytes: 8 * mebibyte })
  t.match(parseOptions(['--size', '8', '--memory', '200MiB']), {
    bytes: 8 * mebibyte,
    memoryBytesMax: 200 * mebibyte,
  })
})

t.test('what does not fit', async t => {
  for (const args of [
    ['--streams', '0'],
    ['--size', '8GiB'],
    ['--replicas', '4'],
    ['--memory', '-1'],
    ['--x'],
  ])
    t.throws(() => parseOptions(args))
})
