import { silentLog } from '@torc/protocol/environment/log'
import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { migrateIndex } from '../../src/index/schema.js'
import { Incarnation } from '../../src/membership/incarnation.js'

/** The incarnation of an agent's next life on the disk. */
function incarnationOn(disk: MemoryDisk): Incarnation {
  const database = disk.openDatabase('index.sqlite')
  migrateIndex(database, 'memory')
  return new Incarnation(database, silentLog)
}

t.test('each life has a higher one, whatever came between', async t => {
  const disk = new MemoryDisk()
  t.equal(incarnationOn(disk).next(), 1)
  disk.crash()
  const second = incarnationOn(disk)
  t.equal(second.next(), 2)
  second.store(8)
  second.store(5)
  disk.crash()
  t.equal(incarnationOn(disk).next(), 9, 'a refutation is not forgotten (memberlist #311)')
})

t.test('a full disk does not keep an agent from coming up', async t => {
  const disk = new MemoryDisk()
  incarnationOn(disk).next()
  disk.crash()
  disk.setFreeBytes(0)
  t.equal(incarnationOn(disk).next(), 2)
})
