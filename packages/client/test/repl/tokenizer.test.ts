import fc from 'fast-check'
import t from 'tap'
import { escapeWord, quoteWord, tokenize } from '../../src/repl/tokenizer.js'

const words = (line: string): string[][] =>
  tokenize(line).commands.map(command => command.map(({ text }) => text))

t.test('words, quotes and separators as in a shell', async t => {
  for (const [line, expected] of [
    ['', []],
    ['   ', []],
    ['ls photos', [['ls', 'photos']]],
    ['  put  a/b\tc  ', [['put', 'a/b', 'c']]],
    [`put 'a b/c d' "e f"`, [['put', 'a b/c d', 'e f']]],
    [`a'b'"c"d`, [['abcd']]],
    [`post b --text ''`, [['post', 'b', '--text', '']]],
    [String.raw`a\ b c\\d`, [['a b', 'c\\d']]],
    [String.raw`"a\"b\\c\d"`, [['a"b\\c\\d']]],
    [String.raw`'a\b'`, [['a\\b']]],
    [
      'mb a; mb b;; mb c;',
      [
        ['mb', 'a'],
        ['mb', 'b'],
        ['mb', 'c'],
      ],
    ],
    [`'a;b' c`, [['a;b', 'c']]],
    [
      'mb a\nmb b',
      [
        ['mb', 'a'],
        ['mb', 'b'],
      ],
    ],
    [
      'mb a # and so on; mb b\nmb c',
      [
        ['mb', 'a'],
        ['mb', 'c'],
      ],
    ],
    ['get a#b', [['get', 'a#b']]],
    ['# only a comment', []],
    ['mb \\\n a', [['mb', 'a']]],
  ] as const) {
    t.same(words(line), expected, line)
  }
})

t.test('what is still open, and where the words stood', async t => {
  t.equal(tokenize(`put 'a`).open, "'")
  t.equal(tokenize('put "a').open, '"')
  t.equal(tokenize('put a\\').open, '\\')
  t.equal(tokenize('put a').open, undefined)
  t.equal(tokenize('put a').inWord, true)
  t.equal(tokenize('put a ').inWord, false)
  t.equal(tokenize(`put ''`).inWord, true)
  const [word] = tokenize(`  'a b' c`).commands[0] ?? []
  t.same(word, { text: 'a b', start: 2, end: 7 })
})

t.test('quoted and escaped words read back', async t => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter(each => !each.includes('\n'))
  fc.assert(
    fc.property(fc.array(text, { minLength: 1 }), given => {
      t.same(words(given.map(quoteWord).join(' ')), [given])
      t.same(words(given.map(escapeWord).join('  ')), [given])
    }),
  )
  t.equal(quoteWord(''), "''")
  t.equal(quoteWord('a/b.jpg'), 'a/b.jpg')
})

t.test('any text is parsed without failing', async () => {
  fc.assert(fc.property(fc.string(), line => Array.isArray(tokenize(line).commands)))
})
