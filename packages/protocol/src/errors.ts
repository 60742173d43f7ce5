/**
 * One table of error codes. Codes and wire numbers are stable: append, never reuse.
 * `exitCode` follows the CLI's contract (1 failure, 2 usage, 3 not found, 4 denied,
 * 5 unreachable or indeterminate, 6 conflict, 7 decision needed, 8 partial, 130 interrupted).
 */
const table = {
  INTERNAL: row(
    1,
    false,
    500,
    1,
    'This is a defect in Torc; please report it with the log of the process that answered.',
  ),
  PROTOCOL: row(
    2,
    false,
    400,
    1,
    'The peer speaks another protocol or is damaged; check the address and the versions of both sides.',
  ),
  BAD_REQUEST: row(3, false, 400, 2, 'Correct the field that the message names.'),
  TOO_LARGE: row(4, false, 413, 2, 'Send a smaller value, or the body as a stream.'),
  UNSUPPORTED: row(5, false, 501, 1, 'The peer does not know this request; upgrade the older side.'),
  DENIED: row(6, false, 403, 4, 'Check the access key and its secret, or ask an operator for a grant.'),
  BUCKET_NOT_FOUND: row(
    7,
    false,
    404,
    3,
    'List the buckets with `torc ls`, or create it with `torc mb BUCKET`.',
  ),
  KEY_NOT_FOUND: row(8, false, 404, 3, 'List the keys with `torc ls BUCKET --recursive`.'),
  VERSION_NOT_FOUND: row(9, false, 404, 3, 'List the versions with `torc ls BUCKET/KEY --versions`.'),
  BUCKET_EXISTS: row(10, false, 409, 6, 'Use the bucket that is there, or choose another name.'),
  BUCKET_NOT_EMPTY: row(11, false, 409, 6, 'Remove its objects first, or use `torc rb --force`.'),
  CONFLICT: row(12, false, 409, 6, 'Read the current state and decide again.'),
  UNAVAILABLE: row(13, true, 503, 5, 'See `torc status` for what is down, and retry.'),
  INDETERMINATE: row(
    14,
    true,
    503,
    5,
    'The write may still appear. Retry it with the same operation id, or read the key.',
  ),
  TIMEOUT: row(15, true, 504, 5, 'Retry, or allow more time with --timeout.'),
  UNREACHABLE: row(
    16,
    true,
    503,
    5,
    'Is the server running? Start one with `npm start`, or name another with --server HOST:PORT.',
  ),
  OVERLOADED: row(17, true, 503, 5, 'Too many requests are open; retry after a moment.'),
  CANCELLED: row(18, false, 499, 130, 'The request was cancelled by its caller.'),
  DISK_FULL: row(19, true, 507, 1, 'Free space on the agents that are full, or add agents; reads go on.'),
  CORRUPT: row(
    20,
    false,
    500,
    1,
    'Stored data failed its check; see the log of the agent that is named, and restore or repair it.',
  ),
  NO_LAYOUT: row(21, true, 503, 5, 'The cluster has no layout yet: run `torc layout init`.'),
  STALE_EPOCH: row(22, true, 409, 5, 'The layout changed; the server reloads it. Retry.'),
  NOT_OWNER: row(23, true, 409, 5, 'The layout changed; the server reloads it. Retry.'),
  PATH_DENIED: row(
    24,
    false,
    403,
    4,
    'Shared paths must lie inside a root that the server was started with: --shared-root NAME=DIR.',
  ),
  NOT_A_FILE: row(25, false, 400, 2, 'Name a regular file; for a directory use --recursive.'),
  FILE_NOT_FOUND: row(26, false, 404, 3, 'Check the path.'),
  DATA_DIRECTORY: row(27, false, 500, 1, 'Check the data directory that the message names.'),
  CLOCK_SKEW: row(28, true, 503, 5, "Set the clocks of the cluster's machines right (NTP)."),
  CHECKSUM: row(29, false, 400, 1, 'The body changed on its way; send it again.'),
  CONFIG: row(30, false, 400, 2, 'Correct the option or file that the message names.'),
  PARTIAL: row(31, true, 503, 8, 'Some agents did not answer; see `torc status`, and retry.'),
  CLOCK_UNREAD: row(32, true, 503, 5, 'Not enough owners answered; see `torc status`, and retry.'),
  INTERRUPTED: row(33, false, 499, 130, 'Interrupted.'),
  FILE_ACCESS: row(34, false, 403, 4, "Check the file's permissions."),
  VERSION_REMOVED: row(
    35,
    false,
    410,
    3,
    'It is gone for good. See what is left with `torc log BUCKET/KEY`, and what goes next with `torc policy show BUCKET/KEY`.',
  ),
  SUPERSEDED: row(
    36,
    false,
    409,
    6,
    'A later attempt of the same operation is under way, or was made and removed since; read the key.',
  ),
  INTENT_EXPIRED: row(
    37,
    true,
    409,
    5,
    'The write stood still for too long, and its blocks may have been collected; send it again.',
  ),
  UPLOAD_NOT_FOUND: row(
    38,
    false,
    404,
    3,
    'It was completed or aborted, or never begun. List the uploads under way with `torc uploads BUCKET`.',
  ),
  INVALID_PART: row(
    39,
    false,
    400,
    2,
    'Name parts in ascending order, each as it was uploaded last: its number and the etag of that answer.',
  ),
  BLOCKS_MISSING: row(
    40,
    true,
    409,
    5,
    'Blocks of the upload are gone from the cluster: offer those again whose positions the details name, send what is lacking, and commit again.',
  ),
  CONDITION_FAILED: row(
    41,
    false,
    412,
    6,
    'Somebody else wrote the key. Read what it has now (`torc head BUCKET/KEY`), and decide again.',
  ),
  STALE_COLLECTION: row(
    42,
    true,
    409,
    5,
    'What is left of removed keys was collected meanwhile; the server reads again. Retry.',
  ),
  SYNC_ROOT_GONE: row(
    43,
    false,
    409,
    7,
    'Nothing was changed. Is it unmounted, moved or emptied? Put it back, or begin anew with an empty folder.',
  ),
  SYNC_NEEDS_DECISION: row(
    44,
    false,
    409,
    7,
    'Look at both sides. If it is meant, run it again with --yes-delete; nothing was deleted.',
  ),
  SESSION_NOT_FOUND: row(
    45,
    false,
    404,
    3,
    'It was ended, or was idle for 30 days. Run `torc sync` again: it opens a new one, and reads everything again.',
  ),
} as const satisfies Record<string, ErrorRow>

export interface ErrorRow {
  readonly number: number
  readonly retryable: boolean
  readonly httpStatus: number
  readonly exitCode: number
  readonly hint: string
}

function row(
  number: number,
  retryable: boolean,
  httpStatus: number,
  exitCode: number,
  hint: string,
): ErrorRow {
  return { number, retryable, httpStatus, exitCode, hint }
}

export type ErrorCode = keyof typeof table
export const errorTable: Readonly<Record<ErrorCode, ErrorRow>> = table

const codeByNumber = new Map<number, ErrorCode>(
  (Object.keys(table) as ErrorCode[]).map(code => [table[code].number, code]),
)

/** The code behind a wire number; one that this version does not know reads as INTERNAL. */
export function errorCodeOf(number: number): ErrorCode {
  return codeByNumber.get(number) ?? 'INTERNAL'
}

export interface TorcErrorOptions {
  readonly cause?: unknown
  /** Overrides the table's hint. */
  readonly hint?: string
  /** Facts for programs (never secrets). */
  readonly details?: Readonly<Record<string, unknown>>
}

/** The one error class of Torc. Branch on `code`, never on the message's text. */
export class TorcError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(code: ErrorCode, message: string, options: TorcErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'TorcError'
    this.code = code
    this.hint = options.hint ?? table[code].hint
    this.retryable = table[code].retryable
    this.details = options.details
  }

  get exitCode(): number {
    return table[this.code].exitCode
  }

  /** The shape printed by `--json` and sent by HTTP faces. */
  toJSON(): { error: { code: ErrorCode; message: string; hint: string; retryable: boolean } } {
    return { error: { code: this.code, message: this.message, hint: this.hint, retryable: this.retryable } }
  }

  /** Any thrown thing as a TorcError; what is not one already is INTERNAL with its cause kept. */
  static from(thrown: unknown, code: ErrorCode = 'INTERNAL'): TorcError {
    if (thrown instanceof TorcError) return thrown
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return new TorcError(code, message, { cause: thrown })
  }
}
