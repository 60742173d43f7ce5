import t from 'tap'
import { count, formatBytes, formatDuration, formatTime, printable } from '../../src/output/format.js'

t.test('quantities for people', async t => {
  t.equal(formatBytes(0), '0 B')
  t.equal(formatBytes(1023), '1023 B')
  t.equal(formatBytes(1536), '1.5 KiB')
  t.equal(formatBytes(200 * 1024 ** 2), '200 MiB')
  t.equal(formatDuration(44.6), '45 s')
  t.equal(formatDuration(200), '3 min 20 s')
  t.equal(formatDuration(7500), '2 h 5 min')
  t.equal(formatTime(new Date('2026-01-02T03:04:05.678Z')), '2026-01-02 03:04:05')
  t.equal(formatTime(new Date(Number.NaN)), '-')
  t.equal(count(1, 'file'), '1 file')
  t.equal(count(1234, 'file'), '1,234 files')
})

t.test('control characters of strangers do not reach the terminal', async t => {
  t.equal(printable('plain ü 漢 \u{1f600}'), 'plain ü 漢 \u{1f600}')
  t.equal(printable('a\u001b]0;title\u0007b\n\u009b1m'), 'a\\x1b]0;title\\x07b\\x0a\\x9b1m')
  t.equal(printable('a\u202eb'), 'a\\u202eb')
})
