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

const instant =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(?:([Zz])|([+-])(\d\d):?(\d\d))?)?$/

/**
 * A moment: ISO 8601 (`2026-11-21`, `2026-11-21T11:23:02.5Z`, with a space for the `T`; UTC unless it names another
 * offset), or a span such as `10m` that ends at `nowMs`. Milliseconds since 1970; undefined when it is neither.
 */
export function parseTimeMs(text: string, nowMs: number): number | undefined {
  const written = text.trim()
  const match = instant.exec(written)
  if (match === null) {
    // A number alone could be seconds or a year: a span must name its unit here.
    const spanMs = /[a-z]$/.test(written) ? parseDurationMs(written) : undefined
    return spanMs === undefined ? undefined : nowMs - spanMs
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map(digits => Number(digits ?? 0))
  const milliseconds = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'))
  const local = new Date(Date.UTC(year, month - 1, day, hour, minute, second, milliseconds))
  // Date.UTC carries over: the 31st of February would be a day in March.
  const exact = local.getUTCMonth() === month - 1 && local.getUTCDate() === day
  const [offsetHours, offsetMinutes] = [Number(match[10] ?? 0), Number(match[11] ?? 0)]
  if (!exact || hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59)
    return undefined
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000
  return local.getTime() + (match[9] === '-' ? offsetMs : -offsetMs)
}
