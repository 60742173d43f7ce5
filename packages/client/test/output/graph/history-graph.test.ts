import t from 'tap'
import { HistoryGraph } from '../../../src/output/graph/history-graph.js'
import { history, linesOf, picture } from './pictures.js'

/** A picture as it is written in a test: without the indentation that all its lines share. */
function drawn(text: string): string {
  const lines = text.split('\n').slice(1, -1)
  const indent = Math.min(...lines.map(line => line.search(/\S/)))
  return lines.map(line => line.slice(indent)).join('\n')
}

interface Case {
  readonly of: string
  readonly is: string
  readonly columnsMax?: number
}

const cases: Readonly<Record<string, Case>> = {
  'a line of versions': {
    of: `c: b
         b: a
         a:`,
    is: `
      * c
      * b
      * a
    `,
  },
  'two siblings': {
    of: `c: a
         b: a
         a:`,
    is: `
      * c
      | * b
      |/
      * a
    `,
  },
  'siblings that cover nothing stand side by side, never below each other': {
    of: `c:
         b:
         a:`,
    is: `
      * c
        * b
          * a
    `,
  },
  'siblings and the version that resolves them': {
    of: `d: c b
         c: a
         b: a
         a:`,
    is: String.raw`
      * d
      |\
      * | c
      | * b
      |/
      * a
    `,
  },
  'three siblings resolved at once': {
    of: `m: d c b
         d: a
         c: a
         b: a
         a:`,
    is: String.raw`
      *-. m
      |\ \
      * | | d
      | * | c
      |/ /
      | * b
      |/
      * a
    `,
  },
  'a sibling of a version that resolved others': {
    of: `s: c
         m: c b
         c: a
         b: a
         a:`,
    is: String.raw`
      * s
      | * m
      | |\
      |/ /
      * | c
      | * b
      |/
      * a
    `,
  },
  'two versions that cover the same two': {
    of: `e: c b
         d: c b
         c: a
         b: a
         a:`,
    is: String.raw`
      * e
      |\
      | | * d
      | | |\
      | |/ /
      |/| |
      | |/
      * | c
      | * b
      |/
      * a
    `,
  },
  'a lane that passes below others': {
    of: `e: b
         d: a
         c: z
         y: b
         z: a
         b: a
         a:`,
    is: `
      * e
      | * d
      | | * c
      | | | * y
      | |_|/
      |/| |
      | | * z
      | |/
      * | b
      |/
      * a
    `,
  },
  'delete markers': {
    of: `!d: c
         c: b
         !b: a
         a:`,
    is: `
      x d
      * c
      x b
      * a
    `,
  },
  'what was pruned or purged': {
    of: `e@9: d
         d@8: b
         b@4: a
         a@3:`,
    is: `
      * e
      * d
      : versions between are gone
      * b
      * a
      : older versions are gone
    `,
  },
  'only one of two siblings lost what was between: nothing is said of the line that they share': {
    of: `c@9: a
         b@2: a
         a@1:`,
    is: `
      * c
      | * b
      |/
      * a
    `,
  },
  'a history that ended, and another': {
    of: `d@2:
         b: a
         a:`,
    is: `
      * d
      : older versions are gone
        * b
       /
      * a
    `,
  },
  'versions that were not asked for': {
    of: `c: b
         d: a`,
    is: `
      * c
      | * d
      | | older versions are not shown
    `,
  },
  'lanes make room for a version that covers many': {
    of: `h: z
         m: e d c b
         i: y
         e: a
         d: a
         c: a
         b: a
         z: y
         y: a
         a:`,
    is: String.raw`
      * h
      | *---. m
      | |\ \ \
      | | | | | * i
      | * | | | | e
      | | * | | | d
      | |/ / / /
      | | * | | c
      | |/ / /
      | | * | b
      | |/ /
      * | | z
      | |/
      |/|
      * | y
      |/
      * a
    `,
  },
  'more lanes than may be drawn': {
    columnsMax: 3,
    of: `f: b
         e: c
         d: a
         g: z
         z: a
         c: a
         b: a
         a:`,
    is: `
      * f
      | * e
      | | * d
      | | | ~ g
      | | | ~ z
      | | |/
      | * | c
      | |/
      * | b
      |/
      * a
    `,
  },
  'columns are used again rather than drawn beyond the cut': {
    columnsMax: 2,
    of: `d:
         c:
         b:
         a:`,
    is: `
      * d
        * c
      * b
        * a
    `,
  },
}

for (const [name, { of, is, columnsMax }] of Object.entries(cases)) {
  t.test(name, async t => {
    t.equal(`\n${picture(history(of), columnsMax)}\n`, `\n${drawn(is)}\n`)
  })
}

t.test('room is made for a version that covers three, when there are lanes to its right', async t => {
  const middle = history(`h: m
    i: y
    m: d c b
    d: a
    c: a
    y: a
    b: a
    a:`)
  t.equal(
    `\n${picture(middle)}\n`,
    `\n${drawn(String.raw`
      * h
      | * i
      |  \
      *-. | m
      |\ \ \
      * | | | d
      | * | | c
      |/ / /
      | | * y
      | |/
      |/|
      | * b
      |/
      * a
    `)}\n`,
  )
})

t.test('a long history keeps no more than its open lanes', async t => {
  const graph = new HistoryGraph({ columnsMax: 10 })
  let lines = 0
  for (let seq = 100_000; seq >= 1; seq--) {
    const parents = seq === 1 ? [] : [`v${seq - 1}`]
    lines += graph.add({ versionId: `v${seq}`, kind: 'object', seq, parents }).length
  }
  t.equal(lines, 100_000)
  t.strictSame(graph.end(), [])
})

t.test('lanes have a colour each and keep it', async t => {
  const graph = new HistoryGraph({ columnsMax: 10, paint: (text, colour) => `${text}${colour}` })
  const lines = history(`c: a
    b: a
    a:`).flatMap(entry => graph.add(entry).map(({ lanes, width }) => ({ lanes, width })))
  t.strictSame(lines, [
    { lanes: '*0', width: 1 },
    { lanes: '|0 *1', width: 3 },
    { lanes: '|0/1', width: 2 },
    { lanes: '*0', width: 1 },
  ])
})

t.test('what no history should say does not disturb: itself, twice the same, the same id again', async t => {
  t.equal(
    linesOf([
      { versionId: 'b', kind: 'object', seq: 2, parents: ['b', 'a', 'a'] },
      { versionId: 'b', kind: 'object', seq: 2, parents: ['a'] },
      { versionId: 'a', kind: 'object', seq: 1, parents: [] },
    ])
      .map(({ lanes }) => lanes)
      .join('\n'),
    ['*', '| *', '|/', '*'].join('\n'),
  )
})
