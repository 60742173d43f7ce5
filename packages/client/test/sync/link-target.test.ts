import { mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { linkStaysInside } from '../../src/sync/local/link-target.js'

t.test('links that stay inside are taken, all others are not', async t => {
  const inside: readonly (readonly [string, string])[] = [
    ['l', 'a'],
    ['l', 'a/b/c'],
    ['l', '.'],
    ['a/l', '../b'],
    ['a/b/l', '../../c/d'],
    ['a/l', './/../b/'],
    ['l', '..a/..b'],
  ]
  for (const [name, target] of inside) t.ok(linkStaysInside(name, target), `${name} to ${target}`)
  const outside: readonly (readonly [string, string])[] = [
    ['l', ''],
    ['l', '/'],
    ['l', '/etc'],
    ['l', '..'],
    ['l', '../a'],
    ['a/l', '../../a'],
    ['a/l', 'b/../../../c'],
    ['l', 'a/../b'],
    ['l', 'C:\\Windows'],
    ['l', '\\\\server\\share'],
    ['l', 'a\0b'],
  ]
  for (const [name, target] of outside) t.notOk(linkStaysInside(name, target), `${name} to ${target}`)
})

t.test('links of links of links lead out of nowhere', async t => {
  // What lies outside has the same names, so that a way out leads somewhere.
  const directory = t.testdir({ a: {}, b: {}, top: { a: { b: {} }, b: { a: {} } } })
  const root = join(directory, 'top', 'root')
  const part = fc.constantFrom('a', 'b', 'k', 'l', 'm', '..', '..', '.')
  const path = fc.array(part, { minLength: 1, maxLength: 5 }).map(parts => parts.join('/'))
  const name = fc.constantFrom('k', 'l', 'm', 'a/k', 'a/l', 'a/b/l', 'a/b/m', 'b/k', 'b/l')
  let followed = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, path), { maxLength: 8 }),
      fc.array(path, { maxLength: 10 }),
      (links, ways) => {
        rmSync(root, { recursive: true, force: true })
        for (const folder of ['a/b', 'b/a']) mkdirSync(join(root, folder), { recursive: true })
        const made = new Set<string>()
        for (const [name, target] of links) {
          if (made.has(name) || !linkStaysInside(name, target)) continue
          made.add(name)
          symlinkSync(target, join(root, name))
        }
        // Whoever begins at a link, as other programs do, stays below.
        for (const from of made) {
          for (const way of ['', ...ways.filter(way => !way.includes('..'))]) {
            const real = resolved(`${root}/${from}/${way}`)
            if (real === undefined) continue
            followed += 1
            if (real !== root && !real.startsWith(`${root}/`)) return false
          }
        }
        return true
      },
    ),
    { numRuns: 300 },
  )
  t.ok(followed > 100)
})

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
