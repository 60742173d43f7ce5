import { symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { pathParts, prepareBelow, prepareRoot } from '../../src/files/safe-path.js'

t.test('whatever a key is, its path stays below', async () => {
  const part = fc.oneof(fc.constantFrom('..', '.', '', 'a', '...', 'a\0b', '/'), fc.string())
  fc.assert(
    fc.property(fc.array(part, { minLength: 1 }), parts => {
      const name = parts.join('/')
      let accepted: readonly string[]
      try {
        accepted = pathParts(name)
      } catch {
        return true
      }
      const path = relative('/root', join('/root', ...accepted))
      return (
        path !== '' &&
        path !== '..' &&
        !path.startsWith('../') &&
        !path.startsWith('/') &&
        !path.includes('\0') &&
        path === name
      )
    }),
  )
})

t.test('folders are made, links on the way are refused', async t => {
  const directory = t.testdir({ outside: {}, root: { file: 'x' } })
  symlinkSync(join(directory, 'outside'), join(directory, 'root', 'link'))
  const root = await prepareRoot(join(directory, 'root'))
  const known = new Set<string>()
  t.equal(await prepareBelow(root, 'a/b/c', known), join(root, 'a/b/c'))
  t.equal(await prepareBelow(root, 'a/b/d', known), join(root, 'a/b/d'))
  await t.rejects(prepareBelow(root, 'link/c', known), { code: 'FILE_ACCESS' })
  await t.rejects(prepareBelow(root, 'file/c', known), { code: 'FILE_ACCESS' })
  await t.rejects(prepareRoot(join(directory, 'root', 'file')), { code: 'FILE_ACCESS' })
})
