const spans = new Map([
  ['ms', 1],
  ['s', 1000],
  ['', 1000],
  ['m', 60_000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** Milliseconds of `500ms`, `10s`, `2m`, `1h`, `1d`, or of a plain number of seconds; undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]*)$/.exec(text.trim())
  const factor = spans.get(match?.[2] ?? '?')
  return match === null || factor === undefined ? undefined : Math.round(Number(match[1]) * factor)
}

const units = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['tb', 1e12],
  ['k', 2 ** 10],
  ['m', 2 ** 20],
  ['g', 2 ** 30],
  ['t', 2 ** 40],
  ['kib', 2 ** 10],
  ['mib', 2 ** 20],
  ['gib', 2 ** 30],
  ['tib', 2 ** 40],
])

/** Bytes of `1048576`, `64KiB`, `64K` (binary) or `2GB` (decimal); undefined when it is none. */
export function parseByteCount(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)$/.exec(text.trim().toLowerCase())
  const factor = units.get(match?.[2] ?? '?')
  if (match === null || factor === undefined) return undefined
  const count = Math.round(Number(match[1]) * factor)
  return Number.isSafeInteger(count) ? count : undefined
}
