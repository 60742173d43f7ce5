import type { ErrorCode } from '@torc/protocol/errors'

const silence: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['UNREACHABLE', 'TIMEOUT', 'CANCELLED', 'OVERLOADED', 'DENIED', 'UNSUPPORTED'] as const),
  ...(['NO_LAYOUT', 'STALE_EPOCH', 'NOT_OWNER'] as const),
])

/** Whether an answer means that the peer will answer nothing else either, for now. */
export function isSilence(code: ErrorCode): boolean {
  return silence.has(code)
}
