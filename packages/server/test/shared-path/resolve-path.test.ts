import t from 'tap'
import { isInside, resolvePath } from '../../src/shared-path/resolve-path.js'

const roots = [
  { name: 'media', directory: '/srv/media' },
  { name: 'all', directory: '/' },
].slice(0, 1)

t.test('paths inside a root', async t => {
  t.equal(resolvePath('/srv/media/a/b', roots), '/srv/media/a/b')
  t.equal(resolvePath('/srv/media/x/../a', roots), '/srv/media/a')
  t.equal(resolvePath('media:a/b', roots), '/srv/media/a/b')
  t.equal(resolvePath('media:/a/b', roots), '/srv/media/a/b')
  t.equal(resolvePath('media:', roots), '/srv/media')
})

t.test('paths that are not', async t => {
  const denied = [
    '/etc/passwd',
    '/srv/media/../secret',
    '/srv/mediaother/x',
    'media:../x',
    'other:a',
    'relative',
    '',
    '/srv/media/a\0b',
  ]
  for (const text of denied)
    t.throws(() => resolvePath(text, roots), { code: 'PATH_DENIED' }, JSON.stringify(text))
  t.throws(() => resolvePath('/srv/media/a', []), { code: 'PATH_DENIED', message: /without shared roots/ })
})

t.test('inside', async t => {
  t.equal(isInside('/a', '/a'), true)
  t.equal(isInside('/a', '/a/b'), true)
  t.equal(isInside('/a', '/ab'), false)
  t.equal(isInside('/', '/x'), true)
})
