import t from 'tap'
import { claimOf } from '../../../src/rest/access/credentials.js'
import { refuseForeignPages } from '../../../src/rest/access/cross-site.js'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

t.test('who sends a request, by either scheme', async t => {
  t.strictSame(claimOf(undefined), { how: 'anonymous' })
  t.strictSame(claimOf('Bearer KEY:secret'), { how: 'bearer', accessKey: 'KEY', secretKey: 'secret' })
  t.strictSame(claimOf('bearer KEY:se:cret'), { how: 'bearer', accessKey: 'KEY', secretKey: 'se:cret' })
  t.strictSame(claimOf(`Basic ${base64('KEY:se:cret')}`), {
    how: 'basic',
    accessKey: 'KEY',
    secretKey: 'se:cret',
  })
})

t.test('what can not be read is no anonymous request', async t => {
  for (const text of [
    '',
    'Bearer',
    'Bearer KEY',
    'Bearer :secret',
    'Bearer KEY:',
    'Basic KEY:secret',
    'Digest x',
    'KEY:secret',
    `Bearer K:${'s'.repeat(2000)}`,
  ])
    t.throws(() => claimOf(text), { code: 'DENIED' }, text.slice(0, 20))
})

t.test('only changes with what a browser remembers are looked at', async t => {
  const basic = { how: 'basic', accessKey: 'K', secretKey: 's' } as const
  const request = (method: string, headers: Record<string, string>) => ({
    method,
    headers: { host: 'torc.example:7480', ...headers },
  })
  const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  t.doesNotThrow(() => refuseForeignPages(request('GET', foreign), basic))
  t.doesNotThrow(() => refuseForeignPages(request('PUT', foreign), { ...basic, how: 'bearer' }))
  t.doesNotThrow(() => refuseForeignPages(request('PUT', foreign), { how: 'anonymous' }))
  t.doesNotThrow(() => refuseForeignPages(request('PUT', { origin: 'http://torc.example:7480' }), basic))
  t.doesNotThrow(() => refuseForeignPages(request('PUT', { 'sec-fetch-site': 'none' }), basic))
  for (const headers of [
    foreign,
    { origin: 'http://torc.example' },
    { origin: 'no origin' },
    { 'sec-fetch-site': 'same-site' },
  ] as Record<string, string>[])
    t.throws(() => refuseForeignPages(request('DELETE', headers), basic), { code: 'DENIED' })
})
