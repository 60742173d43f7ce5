import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { diskBytes } from '../../src/files/disk-bytes.js'

t.test('the size of a disk, as large for each of its directories', async t => {
  const folder = t.testdir({ file: '' })
  const bytes = diskBytes(join(folder, 'new', 'deep'))
  t.ok(bytes > 1024 * 1024)
  t.equal(diskBytes(folder), bytes)
  t.ok(existsSync(join(folder, 'new', 'deep')))
  t.throws(() => diskBytes(join(folder, 'file', 'x')), { code: 'DATA_DIRECTORY' })
})
