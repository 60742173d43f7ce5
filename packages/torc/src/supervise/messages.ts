import { type ErrorCode, errorTable, TorcError } from '@torc/protocol/errors'

/** Where the process serves HTTP, as URLs. */
export interface HttpFaces {
  readonly http?: string | undefined
  readonly s3?: string | undefined
}

/** What a supervised process tells its supervisor over the channel between them. */
export type ChildMessage =
  | ({ readonly type: 'ready'; readonly id: string; readonly address: string } & HttpFaces)
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string; readonly hint: string }

/** Reads a message of a child; undefined when it is none. */
export function parseChildMessage(value: unknown): ChildMessage | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { type, id, address, http, s3, code, message, hint } = value as Record<string, unknown>
  if (type === 'ready' && typeof id === 'string' && typeof address === 'string') {
    const faces = {
      ...(typeof http === 'string' ? { http } : {}),
      ...(typeof s3 === 'string' ? { s3 } : {}),
    }
    return { type, id, address, ...faces }
  }
  if (type !== 'failed' || typeof code !== 'string' || !(code in errorTable)) return undefined
  return { type, code: code as ErrorCode, message: String(message), hint: String(hint) }
}

export function failedMessage(thrown: unknown): ChildMessage {
  const { code, message, hint } = TorcError.from(thrown)
  return { type: 'failed', code, message, hint }
}

export function errorOf(message: Extract<ChildMessage, { type: 'failed' }>): TorcError {
  return new TorcError(message.code, message.message, { hint: message.hint })
}
