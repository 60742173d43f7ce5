import { join } from 'node:path'
import t from 'tap'
import { parseSharedRoots } from '../../src/node/shared-roots.js'

t.test('NAME=DIR, directories relative to where the command runs', async t => {
  const base = t.testdir({ media: {}, 'with=sign': {}, file: '' })
  t.strictSame(parseSharedRoots(['m=media', 'w=with=sign'], base), [
    { name: 'm', directory: join(base, 'media') },
    { name: 'w', directory: join(base, 'with=sign') },
  ])
  t.strictSame(parseSharedRoots([], base), [])
  for (const [texts, message] of [
    [['media'], /NAME=DIR/],
    [['=media'], /NAME=DIR/],
    [['a/b=media'], /NAME=DIR/],
    [['m=media', 'm=media'], /two shared roots/],
    [['m=none'], /no directory/],
    [['m=file'], /no directory/],
  ] as const) {
    t.throws(() => parseSharedRoots(texts, base), { code: 'CONFIG', message })
  }
})
