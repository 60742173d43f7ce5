const lengthMin = 6

/** Beyond what is looked at together, this length makes two equal beginnings unlikely: 50 bits. */
const lengthUnseen = 10

/**
 * How many characters of their ids tell versions apart, at least 6. `more`: others follow that are not among
 * them yet.
 */
export function shortIdLength(ids: readonly string[], more: boolean): number {
  const sorted = [...ids].sort()
  let length = more ? lengthUnseen : lengthMin
  sorted.forEach((id, index) => {
    const next = sorted[index + 1]
    if (next !== undefined && next !== id) length = Math.max(length, commonLength(id, next) + 1)
  })
  return length
}

function commonLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}
