import { join } from 'node:path'
import t from 'tap'
import { filesBelow, readText } from './sources.js'

interface Lockfile {
  readonly packages: Readonly<
    Record<string, { readonly resolved?: string; readonly version?: string; readonly link?: boolean }>
  >
}

t.test('the lock file names versions, not where they were downloaded', async t => {
  const text = readText('package-lock.json')
  t.notMatch(text, /"resolved":\s*"(?:https?|git|ssh)/)
  t.notMatch(text, /https?:\/\/[^"]*\.tgz/)
  const { packages } = JSON.parse(text) as Lockfile
  const unpinned = Object.entries(packages).filter(
    ([path, entry]) => path.startsWith('node_modules/') && entry.link !== true && entry.version === undefined,
  )
  t.strictSame(unpinned, [])
})

t.test('the lock file knows every package of the repository as it is', async t => {
  const { packages } = JSON.parse(readText('package-lock.json')) as {
    packages: Record<string, Record<string, unknown>>
  }
  const manifests = [
    ...filesBelow('packages', 'package.json'),
    'test/package.json',
    'benchmarks/package.json',
    'package.json',
  ]
  for (const file of manifests) {
    const manifest = JSON.parse(readText(file)) as Record<string, unknown>
    const locked = packages[file === 'package.json' ? '' : join(file, '..')]
    t.strictSame(locked?.dependencies, manifest.dependencies, `${file}: dependencies`)
    t.strictSame(locked?.devDependencies, manifest.devDependencies, `${file}: devDependencies`)
  }
})

t.test('the lock file is complete for every platform: `npm ci` refuses one that is not', async t => {
  const { packages } = JSON.parse(readText('package-lock.json')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>
  }
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
    Object.keys(optionalDependencies ?? {})
      .filter(name => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages))
      .map(name => `${path} wants ${name}`),
  )
  t.strictSame(missing, [])
})
