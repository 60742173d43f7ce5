import { contextOfExactDot } from '@torc/cluster/clocks/causal-context'
import { dotText } from '@torc/cluster/clocks/dot'
import { compareVersions } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import t from 'tap'
import { recordsAsOf, recordsNow } from '../../src/handlers/key-records.js'
import type { KnownKey } from '../../src/index/key-writer.js'
import { IndexFixture, keyName } from '../index/index-fixture.js'

function known(fixture: IndexFixture): KnownKey {
  const found = fixture.index.find(keyName(0).bucketId, keyName(0).key)
  if (found === undefined) throw new Error('no such key')
  return found
}

const dots = (records: Iterable<Uint8Array>): string[] =>
  Array.from(records, record => dotText(decodeVersion(record).dot))

t.test('short and long histories give all versions', async t => {
  for (const count of [1, 5, 256, 257, 400]) {
    const fixture = new IndexFixture(1)
    const all: string[] = []
    for (let i = 0; i < count; i++) all.push(dotText(fixture.mint(0, {}).version.dot))
    const { heads, others, headsCoverAll } = recordsNow(fixture.index, known(fixture), 'all')
    t.same([...heads.map(({ dot }) => dotText(dot)), ...dots(others)].sort(), all.sort())
    t.ok(headsCoverAll)
    t.same([...recordsNow(fixture.index, known(fixture), 'none').others], [])
    fixture.close()
  }
})

t.test('a long history that is read while the key changes loses nothing that is still there', async t => {
  const fixture = new IndexFixture(1)
  const versions = Array.from({ length: 300 }, () => fixture.mint(0, {}).version)
  const { others } = recordsNow(fixture.index, known(fixture), 'all')
  const found: string[] = []
  let read = 0
  for (const record of others) {
    found.push(dotText(decodeVersion(record).dot))
    read++
    // The latest head is purged: the version below it loses its row and becomes the latest head.
    if (read === 10) fixture.merge(0, contextOfExactDot(versions[299]?.dot ?? first()), undefined, [])
    if (read === 20) fixture.merge(0, contextOfExactDot(versions[250]?.dot ?? first()), undefined, [])
    if (read === 30) fixture.mint(0, {})
    if (read === 40) fixture.merge(0, contextOfExactDot(versions[298]?.dot ?? first()), undefined, [])
  }
  const expected = versions.slice(0, 298).filter((_, i) => i !== 250)
  t.same(found.sort(), expected.map(({ dot }) => dotText(dot)).sort())

  const again = recordsNow(fixture.index, known(fixture), 'all').others
  fixture.merge(0, contextOfExactDot(known(fixture).summary.heads[0]?.dot ?? first()), undefined, [])
  t.equal(known(fixture).summary.heads[0]?.id, versions[297]?.id)
  t.ok(dots(again).includes(dotText(versions[297]?.dot ?? first())), 'now the latest head')
  fixture.close()

  function first() {
    const [version] = versions
    if (version === undefined) throw new Error('no version')
    return version.dot
  }
})

t.test('as of an earlier time, heads are judged on the versions of then', async t => {
  const fixture = new IndexFixture(1)
  const one = fixture.mint(0, {})
  const left = fixture.mint(0, { cover: one.summary.closed, exact: true })
  const right = fixture.mint(0, { cover: one.summary.closed, exact: true })
  const both = fixture.mint(0, {})
  const headsAt = (time: number) =>
    recordsAsOf(fixture.index, known(fixture), time, 'none').heads.map(({ id }) => id)
  t.same(headsAt(one.version.createdAt - 1), [])
  t.same(headsAt(one.version.createdAt), [one.version.id])
  t.same(headsAt(left.version.createdAt), [left.version.id])
  const siblings = [left, right].map(({ version }) => version).sort(compareVersions)
  t.same(
    headsAt(right.version.createdAt),
    siblings.map(({ id }) => id),
  )
  t.same(headsAt(both.version.createdAt), [both.version.id])
  t.same(headsAt(both.version.createdAt + 5), [both.version.id])
  const then = recordsAsOf(fixture.index, known(fixture), right.version.createdAt, 'all')
  t.same(dots(then.others), [dotText(one.version.dot)])
  t.ok(then.headsCoverAll)
  t.equal([...recordsAsOf(fixture.index, known(fixture), both.version.createdAt, 'all').others].length, 3)
  fixture.merge(0, contextOfExactDot(left.version.dot), undefined, [])
  t.same(headsAt(left.version.createdAt), [one.version.id], 'what was purged since is not shown')
  fixture.close()
})
