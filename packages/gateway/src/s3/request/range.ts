/** As the store takes it: first and last byte, or minus the number of the last bytes. */
export type AskedRange = readonly [first: number, last?: number]

/** `none`: it asks for no byte of any object. */
export type ParsedRange = AskedRange | 'none' | undefined

/** A `Range` header. Several ranges, other units and what is malformed are answered with the whole, as S3 does. */
export function parseRange(header: string | undefined): ParsedRange {
  const [, first = '', last = ''] = /^\s*bytes\s*=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  if (first === '') return Number(last) === 0 ? 'none' : [-Number(last)]
  if (last === '') return [Number(first)]
  return Number(last) < Number(first) ? undefined : [Number(first), Number(last)]
}

/** Which bytes of an object of `size` a range means; undefined where none. */
export function resolvedRange(
  range: AskedRange | 'none',
  size: number,
): readonly [number, number] | undefined {
  if (range === 'none') return undefined
  const [asked, askedLast] = range
  const first = asked < 0 ? Math.max(0, size + asked) : asked
  const last = asked < 0 || askedLast === undefined ? size - 1 : Math.min(askedLast, size - 1)
  return first > last ? undefined : [first, last]
}

/** The bytes of a part of an object in parts; of one in one piece, part 1 is all of it. Undefined where there is none. */
export function partRange(
  partNumber: number,
  size: number,
  parts: readonly number[] | undefined,
): readonly [first: number, last: number] | undefined {
  const sizes = parts ?? [size]
  const wanted = sizes[partNumber - 1]
  if (wanted === undefined) return undefined
  const first = sizes.slice(0, partNumber - 1).reduce((sum, part) => sum + part, 0)
  return [first, first + wanted - 1]
}
