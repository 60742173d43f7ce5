import { timingSafeEqual } from 'node:crypto'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import type { Account, Accounts } from '../../accounts/accounts.js'
import type { Claim } from './credentials.js'

/** Finds out who asks. DENIED, in the same words and time, for an unknown key and for a wrong secret. */
export async function authenticate(claim: Claim, accounts: Accounts, hasher: Hasher): Promise<Account> {
  if (claim.how === 'anonymous') return await accounts.anonymous()
  const secret = await accounts.secretOf(claim.accessKey)
  // Digests are of one length, whatever was sent: their comparison tells nothing by its time.
  const same = timingSafeEqual(
    hasher.sha256(Buffer.from(secret ?? '')),
    hasher.sha256(Buffer.from(claim.secretKey)),
  )
  if (secret === undefined || !same) {
    throw new TorcError('DENIED', 'the access key is unknown, or its secret is another one')
  }
  return await accounts.account(claim.accessKey)
}
