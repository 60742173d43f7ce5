import t from 'tap'
import { filesBelow, readText, withoutComments } from './sources.js'

const sourceLinesMax = 400
/** A suite of cases is read case by case. */
const testLinesMax = 500

const sources = ['packages', 'test', 'benchmarks', 'scripts'].flatMap(folder =>
  filesBelow(folder, '.ts', '.mjs'),
)

t.test('a file reads in one sitting', async t => {
  const long = sources.filter(file => {
    const linesMax = /(?:^|\/)test\//.test(file) ? testLinesMax : sourceLinesMax
    return readText(file).split('\n').length > linesMax
  })
  t.strictSame(long, [])
})

t.test('no drawers', async t => {
  t.strictSame(
    sources.filter(file => /(?:^|\/)(?:utils?|helpers?|misc|common)(?:\/|\.ts$|\.mjs$)/.test(file)),
    [],
  )
})

t.test('no test is skipped, narrowed or left for later', async t => {
  const found = sources
    .filter(file => file.endsWith('.test.ts'))
    .filter(file =>
      /\bt\.(?:skip|only|todo)\(|\b(?:skip|only|todo): true/.test(withoutComments(readText(file))),
    )
  t.strictSame(found, [])
})

t.test('no test waits by the clock', async t => {
  const found = sources
    .filter(file => file.endsWith('.test.ts'))
    .filter(file => /setTimeout\((?:resolve|done|ok|r),\s*\d/.test(withoutComments(readText(file))))
  t.strictSame(found, [])
})
