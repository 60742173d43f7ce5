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
