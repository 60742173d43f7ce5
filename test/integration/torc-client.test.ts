import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { runTorc } from '../harness/processes/run-torc.js'
import { temporaryFolder } from '../harness/processes/temporary-folder.js'

const program = fileURLToPath(import.meta.resolve('@torc/client/cli/main'))

t.test('the client’s own program has the client’s commands only', async t => {
  const folder = temporaryFolder('torc-client-')
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const options = { configDirectory: join(folder, 'config'), program }
  t.match(await runTorc(['--version'], options), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
  const help = await runTorc(['--help'], options)
  t.match(help.stdout.toString(), /^ {2}put BUCKET/m)
  t.notMatch(help.stdout.toString(), /^ {2}up\b/m)
  t.match(await runTorc(['up'], options), { code: 2, stderr: /there is no command "up"/ })
  t.match(await runTorc(['ls'], options), { code: 2, stderr: /no access key is known[\s\S]*torc up/ })
})
