import fc from 'fast-check'
import t from 'tap'
import { linkStays, nameProblem } from '../../../src/sync/plan/names.js'

t.test('names that can be', async t => {
  for (const name of [
    'a',
    'a/',
    'a/b',
    '.a',
    '..a',
    'a..',
    '...',
    'a/.b/',
    'torc-sync',
    '.torc-sync.x',
    'é',
    ' ',
    'a\\b',
  ]) {
    t.equal(nameProblem(name), undefined, name)
  }
  t.equal(nameProblem('é'.repeat(127)), undefined, '254 bytes')
})

t.test('names that cannot be, and what to do about them', async t => {
  const cases: Record<string, RegExp> = {
    '': /empty/,
    '/': /empty/,
    '/a': /empty/,
    'a//b': /empty/,
    'a//': /empty/,
    '.': /"\."/,
    './': /"\."/,
    'a/..': /"\.\."/,
    '../a': /"\.\."/,
    'a/./b': /"\."/,
    'a\0b': /NUL/,
    'a/\ud800': /Unicode/,
    '.torc-sync': /own things/,
    '.torc-sync/tmp/x': /own things/,
    'a/.Torc-Sync/': /own things/,
    ['é'.repeat(128)]: /255 bytes/,
    [`a/${'b'.repeat(256)}/c`]: /255 bytes/,
    [`${'a/'.repeat(512)}b`]: /1024 bytes/,
  }
  for (const [name, wanted] of Object.entries(cases)) {
    const problem = nameProblem(name)
    t.match(problem?.message, wanted, JSON.stringify(name.slice(0, 20)))
    t.match(problem?.hint, /\.$/)
  }
  t.match(nameProblem('abcde', 4)?.message, /4 bytes/, 'a prefix leaves less')
})

t.test('a name that can be is a path below, whatever it is made of', async () => {
  const part = fc.oneof(
    fc.constantFrom('..', '.', '', '.torc-sync', 'a', 'a\0b', '\ud800', 'é'.repeat(130)),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), parts => {
      const name = parts.join('/')
      const path = name.endsWith('/') ? name.slice(0, -1) : name
      const good = path.split('/').every(each => {
        const length = Buffer.byteLength(each)
        const named = each !== '.' && each !== '..' && each.toLowerCase() !== '.torc-sync'
        return length > 0 && length <= 255 && named && !each.includes('\0') && each.isWellFormed()
      })
      return (nameProblem(name) === undefined) === good
    }),
    { numRuns: 5000 },
  )
})

t.test('links that stay in the folder', async t => {
  for (const [name, target] of [
    ['l', 'a'],
    ['l', 'a/../b'],
    ['l', '.'],
    ['l', 'a/..'],
    ['d/l', '..'],
    ['d/l', '../a'],
    ['d/e/l', '../../a/b'],
    ['d/l', './x//y'],
    ['l', '..a'],
  ] as const) {
    t.ok(linkStays(name, target), JSON.stringify([name, target]))
  }
  for (const [name, target] of [
    ['l', ''],
    ['l', '/etc/passwd'],
    ['l', '..'],
    ['l', '../x'],
    ['d/l', '../../x'],
    ['d/l', '../../d/x'],
    ['l', 'a/../../b'],
    ['l', 'a\0b'],
  ] as const) {
    t.notOk(linkStays(name, target), JSON.stringify([name, target]))
  }
})
