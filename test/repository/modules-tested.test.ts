import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  filesBelow,
  importsOf,
  packageNames,
  readText,
  resolveImport,
  root,
  withoutComments,
} from './sources.js'

/** Everything that the tests load, directly or through what they load. */
function loadedBy(tests: readonly string[]): Set<string> {
  const loaded = new Set<string>()
  const waiting = [...tests]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (loaded.has(file) || !existsSync(join(root, file))) continue
    loaded.add(file)
    for (const { specifier, typeOnly } of importsOf(file)) {
      const target = typeOnly ? undefined : resolveImport(file, specifier)
      if (target !== undefined) waiting.push(target)
    }
  }
  return loaded
}

/** A module of types alone has nothing that could be run. */
function hasCode(file: string): boolean {
  return /^(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:const|let|var|class|function|abstract|enum|await|for|if|try)\b|^[\w$.]+\(/m.test(
    withoutComments(readText(file)),
  )
}

t.test('every module of every package is loaded by a test', async t => {
  const tests = [...filesBelow('packages', '.test.ts'), ...filesBelow('test', '.test.ts')]
  const loaded = loadedBy(tests)
  for (const name of packageNames()) {
    const sources = filesBelow(join('packages', name, 'src'), '.ts')
    t.ok(sources.length > 0, `${name} has sources`)
    t.strictSame(
      sources.filter(file => hasCode(file) && !loaded.has(file)),
      [],
      name,
    )
  }
})

t.test('protocol and cluster are loaded by tests of their own', async t => {
  for (const name of ['protocol', 'cluster']) {
    const loaded = loadedBy(filesBelow(join('packages', name), '.test.ts'))
    t.strictSame(
      filesBelow(join('packages', name, 'src'), '.ts').filter(file => hasCode(file) && !loaded.has(file)),
      [],
      name,
    )
  }
})
