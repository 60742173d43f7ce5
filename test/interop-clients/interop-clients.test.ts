import { tmpdir } from 'node:os'
import t from 'tap'
import type { RealClient } from './client.js'
import { curl } from './clients/curl.js'
import { runClients } from './run-clients.js'

const absent: RealClient = {
  name: 'absent',
  install: () => Promise.reject(new Error('there is no apt-get\nhere')),
  work: () => Promise.reject(new Error('it is not there')),
}

t.test('clients work through their day; one that can not be installed is none that passed', async t => {
  // The others take a minute each: `npm run interop`.
  const clients = [absent, curl]
  const [missing, report] = await runClients({
    clients,
    tools: tmpdir(),
    largeBytes: 2 * 1024 * 1024,
    keys: 25,
  })
  t.strictSame(missing, { name: 'absent', version: 'there is no apt-get', missing: true, steps: [] })
  if (report?.missing === true) {
    t.comment(`no curl here: ${report.version}`)
    return
  }
  for (const { name, outcome, why } of report?.steps ?? []) t.equal(why, '', `${name} ${outcome}`)
  t.ok((report?.steps.length ?? 0) > 10)
})
