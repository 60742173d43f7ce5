import { join } from 'node:path'
import { systemEnvironment } from '@torc/protocol/environment/system'
import t from 'tap'
import type { CommandContext } from '../../src/commands/command.js'
import { completionSources } from '../../src/repl/completion-sources.js'
import { top } from '../../src/repl/location.js'
import { ManualClock } from '../doubles/manual-clock.js'
import { filled } from '../doubles/run.js'

t.test('candidates from the server and the local directory', async t => {
  const store = await filled({ 'photos/2026/a': '', 'photos/top': '', 'logs/x': '' })
  const context = { environment: systemEnvironment, store: async () => store } as unknown as CommandContext
  const directory = t.testdir({ 'file.txt': '', '.hidden': '', folder: { inner: '' } })
  const sources = completionSources(context, [], top, directory)
  t.same(await sources.buckets(), ['logs', 'photos'])
  await store.keys.create({ name: 'app' })
  await store.keys.create()
  t.same((await sources.accessKeys()).slice(2), ['TKAAAAAAAAAAAAAAAAAA', 'app', 'TKAAAAAAAABBBBBBBBBB'])
  t.same(await sources.keys('photos', ''), ['2026/', 'top'])
  t.same(await sources.keys('photos', '2026/'), ['2026/a'])
  t.same(await sources.keys('none', ''), [], 'a failure has no candidates')
  t.same([...(await sources.files('', false))].sort(), ['file.txt', 'folder/'])
  t.same(await sources.files('', true), ['folder/'])
  t.same(await sources.files('.h', false), ['.hidden'])
  t.same(await sources.files('folder/', false), ['folder/inner'])
  t.same(await sources.files(join(directory, 'fi'), false), [join(directory, 'file.txt')])
  t.same(await sources.files('none/x', false), [])
})

t.test('a server that does not answer is not waited for long', async t => {
  const clock = new ManualClock()
  const environment = { ...systemEnvironment, clock }
  const context = { environment, store: () => new Promise(() => {}) } as unknown as CommandContext
  const asked = completionSources(context, [], top, '/').buckets()
  clock.pass(1_000)
  t.same(await asked, [])
})
