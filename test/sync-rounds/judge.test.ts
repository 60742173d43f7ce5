import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { SeededRandom } from '../harness/simulation/seeded-random.js'
import { bytesOfText, largeText, sha256Of, textOfBytes } from './bodies.js'
import { DiskWorkplace } from './disk-workplace.js'
import { contentWords, FolderLook } from './folder-look.js'
import { type Evidence, Judge } from './judge.js'

const file = (text: string): string => contentWords('file', sha256Of(text), false)

interface Case {
  readonly written?: readonly string[]
  readonly destroyed?: readonly string[]
  readonly removed?: readonly string[]
  readonly blind?: readonly string[]
  readonly contents?: Readonly<Record<string, string>>
  readonly versions?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly told?: readonly string[]
  readonly ever?: readonly string[]
}

function evidence(of: Case): Evidence {
  const { written, destroyed, removed, blind, contents = {}, versions = {}, told, ever } = of
  const deeds = { written: new Set(written), destroyed: new Set(destroyed), removed: new Set(removed) }
  return {
    testimonies: [{ name: 'desk-1', deeds, blind: new Set(blind) }],
    contents: new Map(Object.entries(contents)),
    versions: new Map(Object.entries(versions).map(([name, all]) => [name, new Map(Object.entries(all))])),
    told: new Set(told),
    ever: new Set(ever),
  }
}

const level = {
  contents: { a: file('one') },
  versions: { a: { v1: file('one') } },
}

t.test('what is as it was left is right', async t => {
  t.strictSame(new Judge().judge(evidence({ written: ['one'], ever: ['a'], told: ['a v1'], ...level })), [])
})

t.test('a version with bytes that nobody wrote is found', async t => {
  const problems = new Judge().judge(evidence({ ...level }))
  t.match(problems, [/version v1 of a holds what nobody wrote/])
  t.strictSame(new Judge().halves([['a', file('hal')]]), ['a holds what nobody wrote'])
})

t.test('a text that is gone is found, unless somebody saw it and took it away', async t => {
  const of = { written: ['one', 'two'], ...level }
  t.match(new Judge().judge(evidence(of)), [/"two" is lost/])
  t.strictSame(new Judge().judge(evidence({ ...of, destroyed: ['two'] })), [])
})

t.test(
  'what came in the very moment in which something was written over it is in the history at least',
  async t => {
    const versions = { a: { v0: file('two'), v1: file('one') } }
    const of = { written: ['one', 'two'], ...level, blind: ['a'] }
    t.strictSame(new Judge().judge(evidence({ ...of, versions })), [])
    t.match(new Judge().judge(evidence(of)), [/"two" is lost/])
  },
)

t.test('what was there when all was level is still asked for', async t => {
  const judge = new Judge()
  judge.judge(evidence({ written: ['one'], ...level }))
  t.strictSame(judge.judge(evidence(level)), [])
  t.match(judge.judge(evidence({})), [
    /"one" is lost/,
    /a is gone, and nobody took it away/,
    /version v1 of a is no longer in the history/,
  ])
})

t.test('a name that is gone is found, unless somebody removed it or it gave way to a folder', async t => {
  const of = { written: ['one'], ...level, ever: ['a', 'b'] }
  t.match(new Judge().judge(evidence(of)), [/b is gone, and nobody took it away/])
  t.strictSame(new Judge().judge(evidence({ ...of, removed: ['b'] })), [])
  t.strictSame(
    new Judge().judge(evidence({ ...of, ever: ['b', 'b.conflict-2026'], removed: ['b.conflict-2026'] })),
    [],
  )
})

t.test(
  'versions that the feed told, and texts that went through the store, have to be in the history',
  async t => {
    const judge = new Judge()
    for (const { deeds } of evidence({ written: ['desk-2 1'] }).testimonies) judge.learn(deeds)
    const of = { written: ['one'], ...level, told: ['a v0'], destroyed: ['desk-2 1', 'desk-1 7'] }
    t.match(judge.judge(evidence(of)), [
      /version v0 of a is no longer in the history/,
      /"desk-2 1" was in the folder of desk-1, and is not in the history/,
    ])
  },
)

t.test('half of a large body is none that anybody wrote', async t => {
  const text = largeText('desk-1 1', 3_000_000)
  const bytes = bytesOfText(text)
  t.equal(bytes.length, 3_000_000)
  t.equal(textOfBytes(bytes), text)
  t.match(textOfBytes(bytes.subarray(0, 1_000_000)), /1000000 bytes of/)
  t.equal(textOfBytes(Buffer.from('short')), 'short')
})

t.test('a person in a real folder knows what went', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'torc-workplace-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [root, attic] = [join(folder, 'root'), join(folder, 'attic')]
  for (const each of [root, attic]) mkdirSync(each)
  // Several draws: a file is written in one of three ways.
  for (let seed = 0; seed < 12; seed++) {
    const place = new DiskWorkplace(root, attic, new SeededRandom(seed))
    const texts = (gone: ReturnType<DiskWorkplace['userWrite']>) =>
      gone.filter(([, text]) => text !== undefined)
    t.strictSame(texts(place.userWrite('d/x', 'one')), [])
    t.strictSame(texts(place.userWrite('d/x', 'two')), [['d/x', 'one']])
    place.userWrite('y', 'why')
    t.strictSame(texts(place.userRename('y', 'd/x')), [['d/x', 'two']])
    t.strictSame(texts(place.userLink('d/x', 'b.txt')), [['d/x', 'why']])
    t.equal(place.userRead('d/x'), 'b.txt')
    t.strictSame(texts(place.userWrite('d/x', 'three')), [['d/x', 'b.txt']])
    t.throws(() => place.userMakeFolder('d/x'), { message: /EEXIST/ })
    t.strictSame(place.userRename('d', 'e'), [
      ['d/', undefined],
      ['d/x', undefined],
    ])
    t.strictSame(place.userList(), ['e/', 'e/x'])
    t.strictSame(place.userRemove('e'), [
      ['e/', undefined],
      ['e/x', 'three'],
    ])
    t.throws(() => place.userRemove('e'), { message: /ENOENT/ })
    t.equal(place.blind.size, 0)
  }
})

t.test('a look at a folder sees that a large file was cut, and what the client left', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'torc-look-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const look = new FolderLook(folder)
  const text = largeText('desk-1 1', 100_000)
  writeFileSync(join(folder, 'a'), bytesOfText(text))
  t.strictSame([...look.contents()], [['a', file(text)]])
  truncateSync(join(folder, 'a'), 50_000)
  t.match(look.text('a'), /50000 bytes of/)
  t.strictSame(look.leftovers(), [])
  mkdirSync(join(folder, '.torc-sync', 'tmp'), { recursive: true })
  writeFileSync(join(folder, '.torc-sync', 'tmp', '1'), '')
  t.strictSame(look.leftovers(), ['tmp/1'])
  t.strictSame(look.names(), ['a'])
})
