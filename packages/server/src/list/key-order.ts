/**
 * Compares keys as their UTF-8 bytes compare. JavaScript compares UTF-16 units, which differs where surrogates
 * meet U+E000 and above.
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Surrogates stand for code points above U+FFFF and so come after all other units. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

const keyBytesMax = 1024
const highest = '\u{10ffff}'

/**
 * A text that comes after (practically) all keys that begin with `prefix` and before all that follow them: agents
 * list strictly after it. Keys that still sort behind it are skipped by who asked.
 */
export function endOfPrefix(prefix: string): string {
  const room = Math.max(0, keyBytesMax - Buffer.byteLength(prefix))
  return prefix + highest.repeat(Math.floor(room / 4))
}

/**
 * A text that comes before `key` and after (practically) all keys that precede it, so that listing strictly after
 * it begins with `key`.
 */
export function justBefore(key: string): string {
  const points = Array.from(key)
  const last = points.pop()?.codePointAt(0)
  const base = points.join('')
  // Keys hold no NUL, so nothing lies between a text and the same with U+0001 behind it.
  if (last === undefined || last <= 1) return base
  return endOfPrefix(base + String.fromCodePoint(last === 0xe000 ? 0xd7ff : last - 1))
}

/** The prefix of `key` up to and with the first delimiter behind `prefix`; undefined when there is none. */
export function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  const at = key.indexOf(delimiter, prefix.length)
  return at < 0 ? undefined : key.slice(0, at + delimiter.length)
}
