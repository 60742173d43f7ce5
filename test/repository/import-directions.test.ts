import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { filesBelow, importsOf, packageNames, packageOf, resolveImport, root } from './sources.js'

/** DESIGN: protocol ← cluster ← {node-agent, server}, protocol ← client ← gateway, all ← torc. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  cluster: ['protocol'],
  'node-agent': ['protocol', 'cluster'],
  server: ['protocol', 'cluster'],
  client: ['protocol'],
  gateway: ['protocol', 'client'],
  torc: ['protocol', 'cluster', 'node-agent', 'server', 'client', 'gateway'],
}

t.test('every package has its place in the order', async t => {
  t.strictSame(packageNames(), Object.keys(mayImport).sort())
})

t.test('packages import one way, and nothing of another package by a path', async t => {
  for (const name of packageNames()) {
    const wrong: string[] = []
    for (const file of filesBelow(join('packages', name), '.ts')) {
      for (const { specifier } of importsOf(file)) {
        const other = packageOf(specifier)
        if (other !== undefined && !mayImport[name]?.includes(other))
          wrong.push(`${file} imports ${specifier}`)
        const target = specifier.startsWith('.') ? resolveImport(file, specifier) : undefined
        if (target !== undefined && !target.startsWith(join('packages', name, '/'))) {
          // A test may start the program that it tests; its own package's file is no module.
          wrong.push(`${file} reaches out of its package: ${specifier}`)
        }
      }
    }
    t.strictSame(wrong, [], name)
  }
})

t.test('a package declares what its sources import', async t => {
  for (const name of packageNames()) {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
    const declared = Object.keys(manifest.dependencies ?? {})
    const missing = new Set<string>()
    for (const file of filesBelow(join('packages', name, 'src'), '.ts')) {
      for (const { specifier } of importsOf(file)) {
        if (specifier.startsWith('.') || specifier.startsWith('node:')) continue
        const dependency = /^(@[^/]+\/[^/]+|[^/]+)/.exec(specifier)?.[1] ?? specifier
        if (!declared.includes(dependency)) missing.add(`${file}: ${dependency}`)
      }
    }
    t.strictSame([...missing], [], name)
  }
})

t.test('modules do not import each other in circles', async t => {
  const files = packageNames().flatMap(name => filesBelow(join('packages', name, 'src'), '.ts'))
  const edges = new Map(
    files.map(file => [
      file,
      importsOf(file)
        .filter(({ typeOnly }) => !typeOnly)
        .flatMap(({ specifier }) => resolveImport(file, specifier) ?? []),
    ]),
  )
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '))
    if (done.has(file) || path.includes(file)) return
    for (const next of edges.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  t.strictSame(circles, [])
})
