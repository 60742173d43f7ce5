/**
 * Reads `Range: bytes=A-B`. One range is served; several, other units and what can't be read are passed over, as RFC
 * 9110 §14.2 allows: the whole object is the answer then.
 */
export function rangeOf(header: string | undefined): readonly [first: number, last?: number] | undefined {
  const [, first = '', last = ''] = /^\s*bytes=\s*(\d{0,15})-(\d{0,15})\s*$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  if (first === '') return last === '0' ? undefined : [-Number(last)]
  if (last === '') return [Number(first)]
  return Number(last) < Number(first) ? undefined : [Number(first), Number(last)]
}
