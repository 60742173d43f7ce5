/** For "did you mean": the word that begins so, or that differs by the fewest edits (at most two). */
export function nearest(given: string, words: readonly string[]): string | undefined {
  const begun = words.find(word => given.length > 1 && word.startsWith(given))
  if (begun !== undefined) return begun
  let best: string | undefined
  let least = 3
  for (const word of words) {
    const distance = editDistance(given, word)
    if (distance < least) {
      least = distance
      best = word
    }
  }
  return best
}

/** Levenshtein distance, row by row; words are short. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
