import { errorCodeOf, errorTable, TorcError } from '../errors.js'
import { controlHeads } from '../messages/control.js'
import { checkerOf, type HeadOf } from '../messages/fields.js'

export type ErrorHead = HeadOf<(typeof controlHeads)['ERROR']>

const textMax = 4096

/** An error as it travels. Texts are cut to fit. */
export function errorHeadOf(error: TorcError): ErrorHead {
  const head: ErrorHead = {
    code: errorTable[error.code].number,
    message: error.message.slice(0, textMax),
    hint: error.hint.slice(0, textMax),
  }
  if (error.details !== undefined) {
    const details = JSON.stringify(error.details)
    if (details.length <= textMax) head.details = details
  }
  return head
}

const check = checkerOf(controlHeads.ERROR)

/** The error behind an ERROR frame's head. */
export function errorOfHead(given: unknown): TorcError {
  const head = check(given)
  const details = head.details === undefined ? undefined : parseDetails(head.details)
  return new TorcError(errorCodeOf(head.code), head.message, {
    hint: head.hint,
    ...(details === undefined ? {} : { details }),
  })
}

function parseDetails(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch {
    // Facts for programs only: an error whose details can't be read is still that error.
  }
  return undefined
}
