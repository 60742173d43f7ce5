import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '@torc/protocol/environment/log'

/** What is known of a request before anybody reads it. */
export interface HttpCall {
  /** In the answer's headers, in errors, and in the log. */
  readonly requestId: string
  readonly log: Log
  /** Aborts when the client has gone, was idle for too long, or the gateway stops. */
  readonly signal: AbortSignal
}

/** What answers the requests of one port: S3 or REST. It answers every request, errors too, and never rejects. */
export interface Face {
  readonly name: 's3' | 'rest'
  answer(request: IncomingMessage, response: ServerResponse, call: HttpCall): Promise<void>
}
