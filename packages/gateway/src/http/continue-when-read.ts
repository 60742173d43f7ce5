import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * For a client that waits before it sends a body (`Expect: 100-continue`): it is told to go on when somebody first reads
 * the body, and never where the answer comes without that. A refused upload then costs its headers alone.
 */
export function continueWhenRead(
  request: Pick<IncomingMessage, '_read'>,
  response: Pick<ServerResponse, 'headersSent' | 'writeContinue'>,
): void {
  const read = request._read
  request._read = function (size: number): void {
    request._read = read
    if (!response.headersSent) response.writeContinue()
    read.call(this, size)
  }
}
