import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { indexVersion, migrateIndex } from '../../src/index/schema.js'

t.test('migrating is done once and keeps what is there', async t => {
  const database = new MemoryDisk().openDatabase('x')
  migrateIndex(database, '/data')
  t.equal(database.pragma('user_version', { simple: true }), indexVersion)
  database.prepare('UPDATE counts SET keys = 7').run()
  migrateIndex(database, '/data')
  t.equal(database.prepare('SELECT keys FROM counts').pluck().get(), 7)
})

t.test('an index of a newer version is refused', async t => {
  const database = new MemoryDisk().openDatabase('x')
  database.pragma(`user_version = ${indexVersion + 1}`)
  t.throws(() => migrateIndex(database, '/data'), {
    code: 'DATA_DIRECTORY',
    message: /index of \/data has version/,
  })
})
