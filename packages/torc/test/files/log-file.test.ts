import { closeSync, existsSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openLog } from '../../src/files/log-file.js'

t.test('a log is appended to, and put aside once it is large', async t => {
  const path = join(t.testdir({}), 'a.log')
  for (const text of ['one\n', 'two\n']) {
    const log = openLog(path)
    writeSync(log, text)
    closeSync(log)
  }
  t.equal(readFileSync(path, 'utf8'), 'one\ntwo\n')
  t.notOk(existsSync(`${path}.1`))
  truncateSync(path, 33 * 1024 * 1024)
  writeFileSync(`${path}.1`, 'older')
  closeSync(openLog(path))
  t.equal(readFileSync(path, 'utf8'), '')
  t.match(readFileSync(`${path}.1`, 'utf8').slice(0, 8), 'one\ntwo\n')
})
