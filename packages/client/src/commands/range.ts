import { TorcError } from '@torc/protocol/errors'

/** `A-B` (inclusive), `A-` (to the end) or `-N` (the last N bytes) as the library wants it. */
export function parseRange(text: string | undefined): readonly [number, number?] | undefined {
  if (text === undefined) return undefined
  const match = /^(\d{0,15})-(\d{0,15})$/.exec(text)
  const [, first = '', last = ''] = match ?? []
  const wrong =
    match === null ||
    (first === '' && last === '') ||
    (first !== '' && last !== '' && Number(last) < Number(first))
  if (wrong || (first === '' && Number(last) === 0)) {
    throw new TorcError('CONFIG', `--range must be A-B, A- or -N, not ${JSON.stringify(text)}`, {
      hint: 'Both ends count from 0 and are included: 0-99 are the first hundred bytes.',
    })
  }
  if (first === '') return [-Number(last)]
  return last === '' ? [Number(first)] : [Number(first), Number(last)]
}
