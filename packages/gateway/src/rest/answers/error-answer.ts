import { errorTable, TorcError } from '@torc/protocol/errors'
import type { HeaderPairs, RestAnswer } from '../rest-call.js'

/** The body of an error, as `docs/REST.md` has it. */
export interface ErrorBody {
  readonly success: false
  readonly error: {
    readonly code: string
    readonly message: string
    readonly hint: string
    readonly retryable: boolean
  }
}

export function errorBody(error: TorcError): ErrorBody {
  return { success: false, ...error.toJSON() }
}

/** The challenge that makes a browser ask for an access key and its secret. */
const challenge = 'Basic realm="torc", charset="UTF-8"'

/** `named`: the request said who sends it; otherwise a denial asks for that. */
export function errorAnswer(error: TorcError, named: boolean): RestAnswer {
  const unauthorized = error.code === 'DENIED' && !named
  return {
    status: unauthorized ? 401 : statusOf(error),
    headers: { ...errorHeaders(error), ...(unauthorized ? { 'www-authenticate': challenge } : {}) },
    json: errorBody(error),
  }
}

/** A credential that is wrong is asked for again. */
export function unauthorizedAnswer(error: TorcError): RestAnswer {
  return errorAnswer(error, error.code !== 'DENIED')
}

function statusOf(error: TorcError): number {
  return error.details?.range === 'unsatisfiable' ? 416 : errorTable[error.code].httpStatus
}

/** What a HEAD tells as well, which has no body. */
function errorHeaders({ code, retryable, details }: TorcError): HeaderPairs {
  const { context, range, size } = details ?? {}
  return {
    'x-torc-error': code,
    'cache-control': 'no-store',
    ...(retryable ? { 'retry-after': 1 } : {}),
    // A key that is deleted has a context too: a PUT with it brings the key back without a sibling.
    ...(typeof context === 'string' ? { 'x-torc-context': context } : {}),
    ...(range === 'unsatisfiable' && typeof size === 'number' ? { 'content-range': `bytes */${size}` } : {}),
  }
}

/** What the router, the form parser or Node threw, in Torc's words. */
export function asTorcError(thrown: unknown): TorcError {
  if (thrown instanceof TorcError) return thrown
  const { code = '', statusCode } = thrown as { code?: string; statusCode?: number }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  if (statusCode === 413) return new TorcError('TOO_LARGE', message, { cause: thrown })
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new TorcError('BAD_REQUEST', message, { cause: thrown })
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE')
    return new TorcError('CANCELLED', 'the request broke off', { cause: thrown })
  return TorcError.from(thrown)
}
