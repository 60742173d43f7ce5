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

/** The prefix of `key` up to and with the first delimiter behind `prefix`; undefined when there is none. */
export function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  const at = key.indexOf(delimiter, prefix.length)
  return at < 0 ? undefined : key.slice(0, at + delimiter.length)
}
