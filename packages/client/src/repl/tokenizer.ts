/** A word as the shell understood it, and where it stood. */
export interface Word {
  readonly text: string
  /** Offsets of the written form in the line. */
  readonly start: number
  readonly end: number
}

export interface Tokens {
  /** Words of each command; `;` and line ends part commands. */
  readonly commands: readonly (readonly Word[])[]
  /** The quote (or backslash) that the text ends within. */
  readonly open: "'" | '"' | '\\' | undefined
  /** The text ends within a word (the last one), not behind it. */
  readonly inWord: boolean
}

const blanks = new Set([' ', '\t', '\r'])

/**
 * Parts a line into commands and words as a POSIX shell would: blanks part words, `'…'` is literal, `"…"`
 * knows `\"` and `\\`, a backslash takes the next character as it is, `;` and a line end part commands, `#`
 * at the beginning of a word starts a comment. There are no variables, patterns or redirections.
 */
export function tokenize(line: string): Tokens {
  const commands: Word[][] = []
  let words: Word[] = []
  let text = ''
  let start = -1
  let quote: "'" | '"' | undefined
  let open: Tokens['open']
  const endWord = (end: number): void => {
    if (start < 0) return
    words.push({ text, start, end })
    text = ''
    start = -1
  }
  const endCommand = (end: number): void => {
    endWord(end)
    if (words.length > 0) commands.push(words)
    words = []
  }
  let at = 0
  for (; at < line.length; at++) {
    const character = line.charAt(at)
    if (quote !== undefined) {
      if (character === quote) quote = undefined
      else if (
        character === '\\' &&
        quote === '"' &&
        '"\\'.includes(line.charAt(at + 1)) &&
        at + 1 < line.length
      ) {
        text += line.charAt(++at)
      } else text += character
    } else if (blanks.has(character)) endWord(at)
    else if (character === ';' || character === '\n') endCommand(at)
    else if (character === '#' && start < 0) {
      const end = line.indexOf('\n', at)
      at = (end < 0 ? line.length : end) - 1
    } else if (character === '\\' && line.charAt(at + 1) === '\n') {
      // A backslash at the end of a line joins it with the next.
      at++
    } else {
      if (start < 0) start = at
      if (character === "'" || character === '"') quote = character
      else if (character !== '\\') text += character
      else if (at + 1 === line.length) open = '\\'
      else text += line.charAt(++at)
    }
  }
  const inWord = start >= 0
  endCommand(line.length)
  return { commands, open: quote ?? open, inWord }
}

/** The word written so that `tokenize` reads it back. */
export function quoteWord(text: string): string {
  if (/^[\p{L}\p{N}_./:@%+=,^~-]+$/u.test(text)) return text
  return text.includes("'") ? `"${text.replace(/["\\]/g, '\\$&')}"` : `'${text}'`
}

/** As `quoteWord`, but a backslash before each special character: it can follow what was typed without quotes. */
export function escapeWord(text: string): string {
  return text.replace(/[^\p{L}\p{N}_./:@%+=,^~-]/gu, character => `\\${character}`)
}
