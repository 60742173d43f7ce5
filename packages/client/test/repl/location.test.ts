import t from 'tap'
import { changeLocation, locationText, resolveArgument, resolveName, top } from '../../src/repl/location.js'

const album = { bucket: 'photos', folder: '2026/may/' }

t.test('names are relative to the location', async t => {
  t.equal(resolveName(top, 'photos/a'), 'photos/a')
  t.equal(resolveName(album, 'a.jpg'), 'photos/2026/may/a.jpg')
  t.equal(resolveName(album, ''), 'photos/2026/may/')
  t.equal(resolveName(album, '/other/b'), 'other/b')
  t.equal(resolveName(album, './a'), 'photos/2026/may/a')
  t.equal(resolveName(album, '../june/a'), 'photos/2026/june/a')
  t.equal(resolveName(album, '../../a'), 'photos/a')
  t.equal(resolveName(album, '../../../logs/a'), 'logs/a')
  t.equal(resolveName(album, '..hidden/../x'), 'photos/2026/may/..hidden/../x', 'keys may contain dots')
})

t.test('cd', async t => {
  t.same(changeLocation(top, 'photos'), { bucket: 'photos', folder: '' })
  t.same(changeLocation(top, 'photos/2026'), { bucket: 'photos', folder: '2026/' })
  t.same(changeLocation(album, '..'), { bucket: 'photos', folder: '2026/' })
  t.same(changeLocation(album, '/'), top)
  t.same(changeLocation({ bucket: 'photos', folder: '' }, '..'), top)
  t.same(changeLocation(top, '..'), top)
  t.throws(() => changeLocation(top, '//x'), { code: 'BAD_REQUEST' })
  t.equal(locationText(album), '/photos/2026/may/')
  t.equal(locationText(top), '/')
})

t.test('only remote names are resolved', async t => {
  t.equal(resolveArgument(album, 'target', 'a'), 'photos/2026/may/a')
  t.equal(resolveArgument(album, 'file', 'a'), 'a')
  t.equal(resolveArgument(album, 'bucket', 'logs'), 'logs')
  t.equal(resolveArgument(album, 'bucket', '.'), 'photos')
})
