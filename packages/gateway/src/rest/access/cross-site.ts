import type { IncomingMessage } from 'node:http'
import { TorcError } from '@torc/protocol/errors'
import type { Claim } from './credentials.js'

const changing = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * Refuses a change that a page of another site makes with the credentials that a browser remembers. A browser adds
 * `Sec-Fetch-Site` and `Origin` itself, and no page can take them away; programs send neither.
 */
export function refuseForeignPages(
  { method = '', headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  claim: Claim,
): void {
  if (claim.how !== 'basic' || !changing.has(method)) return
  const site = headers['sec-fetch-site']
  const foreign =
    site === undefined
      ? headers.origin !== undefined && hostOf(headers.origin) !== headers.host?.toLowerCase()
      : site !== 'same-origin' && site !== 'none'
  if (foreign) {
    throw new TorcError('DENIED', 'a page of another site may not change anything with your credentials', {
      hint: 'Programs send `Authorization: Bearer ACCESSKEY:SECRETKEY`.',
    })
  }
}

/** As a `Host` header would say it; undefined for `null` and what is no origin. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
