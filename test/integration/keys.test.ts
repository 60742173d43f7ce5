import { join } from 'node:path'
import { connect } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import t from 'tap'
import { Cluster } from '../harness/processes/cluster.js'
import { runTorcInProcess } from '../harness/processes/in-process-torc.js'
import type { RunResult } from '../harness/processes/run-torc.js'

/** Access keys with real processes and two servers; each change waits until both have heard of it. */
t.test('keys are made, used, limited and deleted', async t => {
  const cluster = await Cluster.start({ servers: 2, agents: 1 })
  t.teardown(() => cluster.stop())
  const [first = '', second = ''] = cluster.servers
  const file = join(cluster.folder, 'app.json')
  /** Runs a command at a server, as root or with the credentials of a file. */
  const torc = (args: readonly string[], server = first, credentials = cluster.credentials) =>
    runTorcInProcess([...args, '--json'], {
      variables: {
        TORC_CONFIG_DIR: cluster.configDirectory,
        TORC_CREDENTIALS: credentials,
        TORC_SERVER: server,
      },
      stdin: 'hello',
    })
  const fails = ({ code, stderr }: RunResult, wanted: number, error: string) => {
    t.equal(code, wanted, stderr)
    t.match(JSON.parse(stderr), { error: { code: error } })
  }

  for (const bucket of ['photos', 'private']) await torc(['mb', bucket])
  t.equal((await torc(['put', 'private/diary'])).code, 0)
  const [made] = (await torc(['key', 'create', '--name', 'app', '--out', file])).records()
  const [operator] = (await torc(['key', 'create', '--name', 'ops', '--admin'])).records()
  const id = String(made?.accessKey)
  t.match(made, { accessKey: /^TK[A-Z2-7]{18}$/, credentials: file, secretKey: undefined })
  fails(await torc(['key', 'grant', 'app', 'nowhere', '--read']), 3, 'BUCKET_NOT_FOUND')
  fails(await torc(['key', 'grant', 'nobody', 'photos', '--read']), 3, 'KEY_NOT_FOUND')
  fails(await torc(['ls', 'photos'], first, file), 4, 'DENIED')
  fails(await torc(['mb', 'mine'], first, file), 4, 'DENIED')

  const ops = await connect({
    servers: [second],
    credentials: { accessKey: String(operator?.accessKey), secretKey: String(operator?.secretKey) },
  })
  t.teardown(() => ops.close())
  await Promise.all([torc(['key', 'grant', 'app', 'photos', '--read', '--write']), ops.keys.show(id)])
  const app = await connect({ servers: [second], credentials: readCredentials(file) })
  t.teardown(() => app.close())
  await app.put('photos', 'a', 'one')
  t.equal(await (await app.get('photos', 'a')).text(), 'one', 'what one server granted counts at the other')
  t.match((await torc(['ls'], first, file)).records(), [{ bucket: 'photos' }])
  await t.rejects(app.copy({ bucket: 'private', key: 'diary' }, 'photos', 'stolen'), { code: 'DENIED' })
  await t.rejects(app.headBucket('private'), { code: 'DENIED' })
  await t.rejects(app.headBucket('nowhere'), { code: 'DENIED' }, 'nobody can probe for names')
  await t.rejects(app.status(), { code: 'DENIED', hint: /--admin/ })
  t.match(await ops.status(), { healthy: true })
  await t.rejects(ops.get('photos', 'a'), { code: 'DENIED' }, 'to administer is not to read')
  t.match((await torc(['key', 'show'], first, file)).records(), [
    { accessKey: id, name: 'app', grants: [{ bucket: 'photos', grants: ['read', 'write'] }] },
  ])

  t.equal((await torc(['key', 'delete', 'app'])).code, 0)
  await t.rejects(app.get('photos', 'a'), { code: 'DENIED' }, 'also on a connection to another server')
  fails(await torc(['ls'], second, file), 4, 'DENIED')
  fails(await torc(['key', 'delete', id]), 3, 'KEY_NOT_FOUND')
})
