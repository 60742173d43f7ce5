import { TorcError } from '@torc/protocol/errors'

/** What a request says about who sends it. */
export type Claim =
  | { readonly how: 'anonymous' }
  | {
      /** A browser sends `basic` on its own, with whatever page made it; nobody sends `bearer` unasked. */
      readonly how: 'basic' | 'bearer'
      readonly accessKey: string
      readonly secretKey: string
    }

const headerCharsMax = 1024

/**
 * Reads `Authorization: Bearer ACCESSKEY:SECRETKEY` or `Basic BASE64(ACCESSKEY:SECRETKEY)`. DENIED for anything else:
 * what was meant to prove something is never taken for an anonymous request.
 */
export function claimOf(authorization: string | undefined): Claim {
  if (authorization === undefined) return { how: 'anonymous' }
  const [, scheme = '', given = ''] = /^([A-Za-z0-9]+) +(\S+)\s*$/.exec(authorization) ?? []
  const how = scheme.toLowerCase()
  if (authorization.length > headerCharsMax || (how !== 'basic' && how !== 'bearer')) throw unreadable()
  const pair = how === 'basic' ? Buffer.from(given, 'base64').toString() : given
  const colon = pair.indexOf(':')
  if (colon <= 0 || colon === pair.length - 1) throw unreadable()
  return { how, accessKey: pair.slice(0, colon), secretKey: pair.slice(colon + 1) }
}

function unreadable(): TorcError {
  return new TorcError('DENIED', 'the header Authorization can not be read', {
    hint: 'Send `Authorization: Bearer ACCESSKEY:SECRETKEY`, or Basic with the access key as user and its secret as password.',
  })
}
