import { systemHasher } from '@torc/protocol/environment/system'
import t from 'tap'
import type { Account, Accounts } from '../../../src/accounts/accounts.js'
import { authenticate } from '../../../src/rest/access/authenticate.js'

const account = (accessKey: string): Account => ({ accessKey, store: {} as Account['store'] })
const accounts: Accounts = {
  secretOf: async key => (key === 'KEY' ? 'secret' : key === 'EMPTY' ? '' : undefined),
  account: async key => account(key),
  anonymous: async () => account('anonymous'),
}

t.test('a key with its secret, and nothing else', async t => {
  const ask = (accessKey: string, secretKey: string) =>
    authenticate({ how: 'bearer', accessKey, secretKey }, accounts, systemHasher)
  t.match(await ask('KEY', 'secret'), { accessKey: 'KEY' })
  t.match(await authenticate({ how: 'anonymous' }, accounts, systemHasher), { accessKey: 'anonymous' })
  for (const [key, secret] of [
    ['KEY', 'Secret'],
    ['KEY', 'secret '],
    ['OTHER', 'secret'],
    ['OTHER', 'undefined'],
  ] as const)
    await t.rejects(ask(key, secret), { code: 'DENIED', message: /unknown, or its secret/ })
})
