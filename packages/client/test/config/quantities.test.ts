import t from 'tap'
import { parseByteCount, parseDurationMs, parseTimeMs } from '../../src/config/quantities.js'

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

t.test('times: ISO 8601, or a span that ends now', async t => {
  const nowMs = Date.parse('2026-11-21T12:00:00.000Z')
  for (const [text, iso] of [
    ['2026-11-21', '2026-11-21T00:00:00.000Z'],
    ['2026-11-21T11:23:02Z', '2026-11-21T11:23:02.000Z'],
    ['2026-11-21T11:23:02.5z', '2026-11-21T11:23:02.500Z'],
    ['2026-11-21T11:23:02.123456789Z', '2026-11-21T11:23:02.123Z'],
    ['2026-11-21 11:23:02', '2026-11-21T11:23:02.000Z'],
    ['2026-11-21T11:23', '2026-11-21T11:23:00.000Z'],
    ['2026-11-21T11:23:02+01:00', '2026-11-21T10:23:02.000Z'],
    ['2026-11-21T11:23:02 -0530', '2026-11-21T16:53:02.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['10m', '2026-11-21T11:50:00.000Z'],
    [' 1.5h ', '2026-11-21T10:30:00.000Z'],
    ['500ms', '2026-11-21T11:59:59.500Z'],
    ['3d', '2026-11-18T12:00:00.000Z'],
  ] as const) {
    t.equal(new Date(parseTimeMs(text, nowMs) ?? Number.NaN).toISOString(), iso, text)
  }
  for (const text of [
    ...[
      '',
      'yesterday',
      '2026',
      '10',
      '-10m',
      '10 years',
      '2026-13-01',
      '2026-02-30',
      '2026-11-21T24:00:00Z',
    ],
    ...['2026-11-21T11:60Z', '2026-11-21T11:23:61Z', '2026-11-21T11:23:02+25:00', '2026-11-21T11'],
  ]) {
    t.equal(parseTimeMs(text, nowMs), undefined, text)
  }
})
