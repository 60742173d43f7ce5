import t from 'tap'
import { clientCommands } from '../../src/commands/client-commands.js'
import { flagOf } from '../../src/config/option.js'
import { globalOptions } from '../../src/config/options.js'
import { type CompletionSources, complete } from '../../src/repl/completer.js'
import { type Location, top } from '../../src/repl/location.js'

function sources(location: Location = top): CompletionSources {
  return {
    commands: clientCommands,
    globals: globalOptions,
    location,
    buckets: async () => ['logs', 'photos'],
    accessKeys: async () => ['TKAAAAAAAAAAAAAAAAAA', 'app', 'TKBBBBBBBBBBBBBBBBBB'],
    keys: async (bucket, prefix) =>
      ['a.jpg', 'albums/', 'b c.jpg', '2026/may/x.jpg', '2026/may/y.jpg'].filter(
        name => bucket === 'photos' && name.startsWith(prefix),
      ),
    files: async (partial, directoriesOnly) =>
      (directoriesOnly ? ['dir/'] : ['dir/', 'file']).filter(name => name.startsWith(partial)),
  }
}

/** All flags of every command with those of one and `more`, in the order in which they are offered. */
function flagsOf(name: string, more: readonly string[]): readonly string[] {
  const own = clientCommands.find(command => command.name === name)?.options ?? {}
  const flags = Object.entries({ ...globalOptions, ...own }).flatMap(
    ([key, option]) => flagOf(key, option) ?? [],
  )
  return [...flags.map(flag => `--${flag}`), '--help', ...more].sort()
}

t.test('completion', async t => {
  const check = async (line: string, expected: readonly string[], location?: Location): Promise<void> => {
    const words = line.split(' ')
    t.same(await complete(words.slice(0, -1), words.at(-1) ?? '', sources(location)), expected, line)
  }
  await check('p', ['policy', 'post', 'put'])
  await check('layout ', ['apply', 'assign', 'cancel', 'init', 'recover', 'remove', 'replicas', 'show'])
  await check('layout s', ['show'])
  await check('bucket s', ['set', 'show'])
  await check('bucket show ph', ['photos'])
  await check('bucket set --', flagsOf('bucket set', ['--no-public-read', '--no-strict']))
  await check('bucket set --strict ph', ['photos'])
  await check('policy set g', ['global:'])
  await check('policy set global:5 ph', ['photos/'])
  await check('policy show photos/a', ['photos/a.jpg', 'photos/albums/'])
  await check('cp photos/a.jpg lo', ['logs/'])
  await check('mv --version-id abc photos/a', ['photos/a.jpg', 'photos/albums/'])
  await check('mv a.jpg al', ['albums/'], { bucket: 'photos', folder: '' })
  await check('restore --at 10m photos/al', ['photos/albums/'])
  await check('tag set photos/b', ['photos/b c.jpg'])
  await check('get photos/a.jpg --all-siblings d', ['dir/'])
  await check('uploads ', ['abort', 'logs/', 'photos/'])
  await check('uploads ph', ['photos/'])
  await check('uploads abort ph', ['photos/'])
  await check('key ', ['create', 'delete', 'grant', 'list', 'revoke', 'show'])
  await check('key grant a', ['app'])
  await check('key show TKB', ['TKBBBBBBBBBBBBBBBBBB'])
  await check('key grant app ph', ['photos'])
  await check('key revoke app photos --w', ['--write'])
  await check('get ', ['logs/', 'photos/'])
  await check('get ph', ['photos/'])
  await check('get /ph', ['/photos/'])
  await check('get photos/', [
    'photos/a.jpg',
    'photos/albums/',
    'photos/b c.jpg',
    'photos/2026/may/x.jpg',
    'photos/2026/may/y.jpg',
  ])
  await check('get photos/a', ['photos/a.jpg', 'photos/albums/'])
  await check('get photos/a.jpg f', ['file'])
  await check('get --recursive photos/albums d', ['dir/'])
  await check('put --recursive d', ['dir/'])
  await check('put --recursive dir ph', ['photos/'])
  await check('put photos/a --content-type text/plain f', ['file'])
  await check('put --rec', ['--recursive'])
  await check('ls --ver', ['--versions'])
  await check('shell -', [
    '--access-key',
    '--credentials',
    '--help',
    '--json',
    '--log-level',
    '--profile',
    '--progress',
    '--quiet',
    '--s3',
    '--server',
    '--timeout',
    '--tls',
    '--tls-ca',
    '--tls-cert',
    '--tls-key',
    '-c',
    '-f',
  ])
  await check('completion b', ['bash'])
  await check('nonsense x', [])
  await check('comp', ['completion'], top)
  await check('get a', ['a.jpg', 'albums/'], { bucket: 'photos', folder: '' })
  await check('get x', ['x.jpg'], { bucket: 'photos', folder: '2026/may/' })
  await check('get ../may/x', ['../may/x.jpg'], { bucket: 'photos', folder: '2026/may/' })
})
