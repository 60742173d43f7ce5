import t from 'tap'
import { parseByteCount, parseDurationMs } from '../../src/config/quantities.js'

t.test('spans', async t => {
  for (const [text, ms] of [
    ['500ms', 500],
    ['10', 10_000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['2min', 120_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    [' 3 s ', 3000],
  ] as const) {
    t.equal(parseDurationMs(text), ms, text)
  }
  for (const text of ['', 's', '1x', '-1s', '1e3', 'NaN']) t.equal(parseDurationMs(text), undefined, text)
})

t.test('byte counts', async t => {
  for (const [text, count] of [
    ['0', 0],
    ['1048576', 1_048_576],
    ['64KiB', 65_536],
    ['64K', 65_536],
    ['2GB', 2e9],
    ['1.5mib', 1_572_864],
    ['10 b', 10],
  ] as const) {
    t.equal(parseByteCount(text), count, text)
  }
  for (const text of ['', 'KiB', '1PiBx', '-1', '99999999999999TB'])
    t.equal(parseByteCount(text), undefined, text)
})
