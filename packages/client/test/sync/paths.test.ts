import fc from 'fast-check'
import t from 'tap'
import { keptName, outermost } from '../../src/sync/local/paths.js'

t.test('the outermost paths cover all, and none lies below another', async () => {
  const path = fc.array(fc.constantFrom('a', 'b', 'ab'), { maxLength: 4 }).map(parts => parts.join('/'))
  const covers = (above: string, path: string): boolean =>
    above === '' || above === path || path.startsWith(`${above}/`)
  fc.assert(
    fc.property(fc.array(path), paths => {
      const found = outermost(paths)
      return (
        paths.every(path => found.some(above => covers(above, path))) &&
        found.every(one => paths.includes(one) && found.every(other => other === one || !covers(other, one)))
      )
    }),
  )
})

t.test('a kept file keeps its folder and its ending', async t => {
  t.equal(keptName('a/b.txt', 1), 'a/b.kept-1.txt')
  t.equal(keptName('a.d/b', 2), 'a.d/b.kept-2')
  t.equal(keptName('.profile', 1), '.profile.kept-1')
  t.equal(keptName('/x/a.tar.gz', 3), '/x/a.tar.kept-3.gz')
})
